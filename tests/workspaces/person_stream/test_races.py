"""Writing while a stream over all workspaces opens, resumes or follows its link: what happens arrives, and once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import pytest

from chalicelib.kernel import grip
from chalicelib.kernel.directory import Session
from chalicelib.onebox.program import Program
from chalicelib.workspaces import person_stream, rules
from tests.support.clients import Person
from tests.support.scopes import emit_events, of_person
from tests.support.streams import hang_up, ids, of, wait_for
from tests.support.waiting import DEADLINE, everything_published


class Meanwhile:
    """Does something, once, between what a page has read and its hold; the relay has it before it has the page."""

    def __init__(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        self._program, self._todo, self.done = program, list[Callable[[], object]](), threading.Event()
        hold = person_stream._hold

        def hold_late(session: Session, cursors: Mapping[str, int], link: str) -> grip.Headers:
            if self._todo:
                self._todo.pop()()
                everything_published(self._program)
                self.done.set()
            return hold(session, cursors, link)

        monkeypatch.setattr(person_stream, "_hold", hold_late)

    def do(self, action: Callable[[], object]) -> None:
        self._todo.append(action)


@pytest.fixture
def meanwhile(program: Program, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(program, monkeypatch)


def test_what_happens_while_the_stream_opens_arrives_once(
    relayed: Person, workspaces: list[str], meanwhile: Meanwhile
) -> None:
    scopes = [of_person(relayed, workspace_id) for workspace_id in workspaces]

    def happens() -> None:
        for count, scope in enumerate(scopes):
            emit_events(scope, count + 1)

    meanwhile.do(happens)
    stream = relayed.all_events(dict.fromkeys(workspaces, 1))
    for count, workspace_id in enumerate(workspaces):
        wait_for(stream, workspace_id, count + 2)
    for scope in scopes:
        emit_events(scope, 1)
    for count, workspace_id in enumerate(workspaces):
        wait_for(stream, workspace_id, count + 3)
        assert ids(stream, workspace_id) == list(range(2, count + 4))


def test_a_workspace_that_is_made_while_the_stream_opens_appears(
    relayed: Person, workspaces: list[str], meanwhile: Meanwhile
) -> None:
    made: list[str] = []
    meanwhile.do(lambda: made.append(relayed.create_workspace("four")["id"]))
    stream = relayed.all_events(dict.fromkeys(workspaces, 1))
    wait_for(stream, made[0], 1)
    relayed.create_task(made[0])
    assert wait_for(stream, made[0], 2).event == "task.created"


def test_what_happens_while_the_link_is_followed_arrives_once(
    relayed: Person, workspaces: list[str], meanwhile: Meanwhile
) -> None:
    """In a workspace that is held, in one that the page adds, and in one that is made just then."""
    stream = relayed.all_events(dict.fromkeys(workspaces, 1))
    relayed.create_task(workspaces[0])
    wait_for(stream, workspaces[0], 2)
    late, known = list[str](), Future[str]()

    def happens() -> None:
        for workspace_id in (*workspaces, known.result(DEADLINE)):
            emit_events(of_person(relayed, workspace_id), 2)
        late.append(relayed.create_workspace("late")["id"])

    meanwhile.do(happens)
    added = relayed.create_workspace("added")["id"]
    known.set_result(added)
    assert meanwhile.done.wait(DEADLINE)
    wait_for(stream, late[0], 1)
    for workspace_id in (*workspaces, added, late[0]):
        emit_events(of_person(relayed, workspace_id), 1)
    for workspace_id, last in zip((*workspaces, added, late[0]), (5, 4, 4, 4, 2), strict=True):
        wait_for(stream, workspace_id, last)
    assert ids(stream, workspaces[0]) == [2, 3, 4, 5]
    assert ids(stream, workspaces[1]) == ids(stream, workspaces[2]) == [2, 3, 4]
    for workspace_id, last in ((added, 4), (late[0], 2)):
        first, *rest = of(stream, workspace_id)
        assert first.event == "reset"
        assert [int(frame.id or 0) for frame in rest] == list(range(int(first.id or 0) + 1, last + 1))


def test_a_workspace_that_is_deleted_while_the_link_is_followed_says_so(
    relayed: Person, workspaces: list[str], meanwhile: Meanwhile
) -> None:
    stream = relayed.all_events(dict.fromkeys(workspaces, 1))
    relayed.create_task(workspaces[0])
    wait_for(stream, workspaces[0], 2)
    meanwhile.do(lambda: rules.delete(of_person(relayed, workspaces[1]), rules.Confirmation("two")))
    made = relayed.create_workspace("four")["id"]
    wait_for(stream, made, 1)
    assert wait_for(stream, workspaces[1], 2).event == "workspace.deleted"
    relayed.create_task(workspaces[2])
    wait_for(stream, workspaces[2], 2)
    assert len(of(stream, workspaces[1])) == 1


def test_clients_that_come_and_go_while_all_write_get_every_event_once(
    relayed: Person, workspaces: list[str]
) -> None:
    rounds, each = 25, 3

    def write(workspace_id: str) -> None:
        for _ in range(rounds):
            emit_events(of_person(relayed, workspace_id), each)

    writers = [threading.Thread(target=write, args=(workspace_id,)) for workspace_id in workspaces]
    for writer in writers:
        writer.start()
    cursors, got = dict.fromkeys(workspaces, 1), {workspace_id: list[int]() for workspace_id in workspaces}
    last = rounds * each + 1
    while min(cursors.values()) < last:
        stream = relayed.all_events(cursors)
        behind = min(cursors, key=lambda workspace_id: cursors[workspace_id])
        wait_for(stream, behind, cursors[behind] + 1)
        hang_up(stream)
        for workspace_id in workspaces:
            got[workspace_id] += ids(stream, workspace_id)
            cursors[workspace_id] = max([cursors[workspace_id], *got[workspace_id]])
    for writer in writers:
        writer.join()
    assert got == {workspace_id: list(range(2, last + 1)) for workspace_id in workspaces}
