"""Two runs of the scheduled function at the same time: both have read the same entries before either acts on one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.kernel import clock, directory
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.directory import Due, DueKind
from chalicelib.kernel.due import Kind
from chalicelib.kernel.events import Event
from chalicelib.kernel.scope import for_system
from chalicelib.kernel.settings import DAY
from chalicelib.onebox.program import Program
from chalicelib.wiring import maintenance
from tests.support.clients import Agent, Person
from tests.support.due import do_what_is_due
from tests.support.waiting import everything_published


def overlapping(kind: Kind, workspace_id: str) -> list[int]:
    """Both runs have the same page in hand before they go on; what each says that it did."""
    page = [one for one in directory.due_by(kind.name, clock.now(), 1_000) if one.workspace_id == workspace_id]
    assert page
    both = threading.Barrier(2)

    def work_through() -> int:
        both.wait()
        left = kind.sift(page) if kind.sift else page
        both.wait()
        return sum(int(kind.work(one)) for one in left)

    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in [pool.submit(work_through) for _ in range(2)]]


def kind(name: DueKind) -> Kind:
    return next(kind for kind in maintenance.kinds if kind.name == name)


def events(workspace_id: str, type: str) -> int:
    scope = for_system(workspace_id)
    assert scope is not None
    return sum(event.type == type for event in scope.list(Event, Event.key(""), 200).items)


def due_of(name: DueKind, workspace_id: str) -> list[Due]:
    far = clock.after(100 * DAY)
    return [one for one in directory.due_by(name, far, 10_000) if one.workspace_id == workspace_id]


def claim(person: Person, workspace_id: str, agent: Agent) -> None:
    person.create_task(workspace_id)
    agent.call("getNextTask")


def invite(person: Person, workspace_id: str, agent: Agent) -> None:
    person.invite(workspace_id, "guest@example.com")


def nothing_more(person: Person, workspace_id: str, agent: Agent) -> None:
    """The agent is connected, and its token will expire."""


@pytest.fixture(autouse=True)
def _nothing_else(program: Program) -> None:
    do_what_is_due()


@pytest.mark.parametrize(
    ("name", "prepare", "seconds", "event"),
    [
        ("token_expiry", nothing_more, 31 * DAY, "token.expired"),
        ("presence", nothing_more, 200, "agent.disconnected"),
        ("lease", claim, 700, "task.updated"),
        ("invitation_expiry", invite, 8 * DAY, "invitation.expired"),
    ],
)
def test_each_change_is_made_and_told_once(
    person: Person,
    workspace_id: str,
    agent: Agent,
    name: DueKind,
    prepare: Callable[[Person, str, Agent], None],
    seconds: float,
    event: str,
) -> None:
    prepare(person, workspace_id, agent)
    before = events(workspace_id, event)
    with clock.moved(seconds):
        done = overlapping(kind(name), workspace_id)
        assert events(workspace_id, event) == before + 1
        assert sum(done) == 1
        assert due_of(name, workspace_id) == []


def test_uploads_are_forgotten_once_and_what_is_used_stays(person: Person, workspace_id: str) -> None:
    file = {"filename": "a", "data": "YQ=="}
    path = f"/api/workspaces/{workspace_id}/attachments"
    unused, used = (person.ask("POST", path, 201, json=file)["id"] for _ in range(2))
    person.create_task(workspace_id, attachments=[{"id": used}])
    with clock.moved(2 * DAY):
        overlapping(kind("upload"), workspace_id)
    assert [blobs().size(workspace_id, id) for id in (unused, used)] == [None, 1]
    assert due_of("upload", workspace_id) == []


def test_a_workspace_is_purged_by_both_and_nothing_is_left(program: Program, person: Person) -> None:
    workspace_id = person.create_workspace("gone")["id"]
    for number in range(30):
        person.create_task(workspace_id, f"t{number}", attachments=[{"filename": "a", "data": "YQ=="}])
    person.ask("DELETE", f"/api/workspaces/{workspace_id}", 204, json={"confirm": "gone"})
    everything_published(program)
    while due_of("purge", workspace_id):
        overlapping(kind("purge"), workspace_id)
    assert for_system(workspace_id, deleted=True) is None
    assert blobs().delete_some(workspace_id) == 0


def test_an_agent_that_is_heard_of_meanwhile_stays_due_once(person: Person, workspace_id: str, agent: Agent) -> None:
    with clock.moved(130):
        agent.call("getWorkspace")
    with clock.moved(200):
        assert overlapping(kind("presence"), workspace_id) == [0, 0]
    assert len(due_of("presence", workspace_id)) == 1
