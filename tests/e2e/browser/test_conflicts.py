"""Two people who decide the same thing: one is first, and the other is told so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import expect

from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import Seat, enter, hold, open_place
from tests.support.clients import Agent, Person
from tests.support.proxy import Proxy


@pytest.fixture
def proxy(program: Program) -> Iterator[Proxy]:
    with closing(Proxy(program.url)) as standing:
        yield standing


@pytest.fixture
def here(new_window: NewWindow, person: Person, proxy: Proxy) -> Seat:
    """The stream of this window can be frozen through `proxy`."""
    return Seat(person, enter(new_window(proxy.url), person))


def ask(agent: Agent, request_id: str) -> None:
    agent.notify(
        "notifications/claude/channel/permission_request",
        {
            "request_id": request_id,
            "tool_name": "Bash",
            "description": "Look at the tree",
            "input_preview": json.dumps({"command": "git status --short"}),
        },
    )


def test_who_decides_second_is_told_who_was_first(here: Seat, there: Seat, agent: Agent, proxy: Proxy) -> None:
    ask(agent, "abcde")
    for seat in (here, there):
        open_place(seat.page, "/")
    cards = [seat.page.get_by_role("group", name="Permission: Bash") for seat in (here, there)]
    release = hold(here.page, "**/permissions/*/decision")
    with here.page.expect_request("**/permissions/*/decision"):
        cards[0].get_by_role("button", name="Allow once").click()
    with there.page.expect_response("**/permissions/*/decision"):
        cards[1].get_by_role("button", name="Deny").click()
    release()
    told = re.compile(f"denied by.*{re.escape(there.name)}.*before you", re.DOTALL)
    expect(here.page.get_by_text(told).last).to_be_visible()
    expect(cards[0].get_by_role("button", name="Allow once")).to_have_count(0)


def test_a_move_that_is_no_longer_legal_is_taken_back_and_explained(
    here: Seat, there: Seat, proxy: Proxy, workspace_id: str
) -> None:
    task = here.person.create_task(workspace_id, "Moved by two")["id"]
    page = open_place(here.page, f"/w/{workspace_id}/t/{task}")
    status = page.get_by_role("combobox", name="Status")
    expect(status).to_have_value("notstarted")
    proxy.freeze_streams()
    there.person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task}", json={"status": "completed"})
    status.select_option("rejected")
    expect(page.get_by_text("stays as it was").last).to_be_visible()
    expect(status).to_have_value("completed")
