"""What waits in a workspace of two is told to both, but not to who did it, nor to who left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.onebox.program import Program
from tests.support.clients import Agent, Json, Person
from tests.support.push import Browser, PushServices
from tests.support.waiting import everything_notified


@pytest.fixture
def guest(person: Person, workspace_id: str, new_person: Callable[[], Person]) -> Person:
    guest = new_person()
    person.let_in(guest, workspace_id)
    return guest


def told(program: Program, services: PushServices, browser: Browser) -> list[Json]:
    everything_notified(program)
    return [browser.read(posted) for posted in services.posted if browser.is_for(posted)]


def test_both_are_told_and_who_left_no_more(
    program: Program,
    services: PushServices,
    person: Person,
    workspace_id: str,
    agent: Agent,
    browser: Browser,
    guest: Person,
) -> None:
    theirs = Browser()
    theirs.registered(guest)
    agent.call("createTask", title="Which database?", body="", assignee="human")
    for one in (browser, theirs):
        (notification,) = told(program, services, one)
        assert (notification["body"], notification["waiting"]) == ("Which database?", 1)
    guest.ask("DELETE", f"/api/workspaces/{workspace_id}/members/{guest.id}", 204)
    agent.call("createTask", title="And which cache?", body="", assignee="human")
    assert len(told(program, services, browser)) == 2
    assert len(told(program, services, theirs)) == 1


def test_who_gives_the_other_a_task_is_not_told_of_it(
    program: Program, services: PushServices, person: Person, workspace_id: str, browser: Browser, guest: Person
) -> None:
    theirs = Browser()
    theirs.registered(guest)
    guest.create_task(workspace_id, "For you", assignee="human")
    assert [one["title"] for one in told(program, services, browser)]
    assert told(program, services, theirs) == []
