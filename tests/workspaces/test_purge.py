"""Deleting a workspace: nothing of it can be read at once, and all of it is removed, a bounded amount at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.kernel import bearer, clock, directory, store
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.directory import Due, Membership, TokenRoute
from chalicelib.onebox.program import Program
from chalicelib.workspaces import rules
from tests.support.clients import Agent, Json, Person
from tests.support.scopes import emit_events, of_person
from tests.support.waiting import everything_published

FILE = {"filename": "a.txt", "data": "YQ=="}


class Deleted:
    """A workspace with a bit of everything, just deleted."""

    def __init__(self, program: Program, person: Person) -> None:
        self.id = person.create_workspace("gone")["id"]
        self.base = f"/api/workspaces/{self.id}"
        self.agent: Agent = person.agent(self.id).initialize()
        self.task: Json = person.create_task(self.id, attachments=[FILE])
        person.reply(self.id, self.task["id"], "x")
        emit_events(of_person(person, self.id), 60)
        person.ask("DELETE", self.base, 422, json={"confirm": "something else"})
        person.ask("DELETE", self.base, 204, json={"confirm": "gone"})
        everything_published(program)
        (self.due,) = [due for due in directory.due_by("purge", clock.now(), 200) if due.workspace_id == self.id]

    def items(self) -> int:
        return len(list(store.WorkspaceItem.query(self.id, consistent_read=True)))

    def is_due(self) -> bool:
        return any(due.workspace_id == self.id for due in directory.due_by("purge", clock.now(), 200))

    def route(self) -> TokenRoute | None:
        return directory.read(directory.token_key(bearer.digest(self.agent.secret)), TokenRoute)

    def file(self) -> bytes | None:
        return blobs().get(self.id, self.task["attachments"][0]["id"])


@pytest.fixture
def deleted(program: Program, person: Person) -> Deleted:
    return Deleted(program, person)


def purge_all(due: Due) -> list[int]:
    batches = []
    while removed := rules.purge(due):
        batches.append(removed)
    return batches


def test_nothing_of_it_can_be_read_at_once(person: Person, deleted: Deleted) -> None:
    reads = ("", "/tasks", f"/tasks/{deleted.task['id']}", "/tokens", "/events", "/permissions")
    for path in (*reads, f"/attachments/{deleted.task['attachments'][0]['id']}"):
        assert person.http.get(deleted.base + path).status_code == 404
    assert deleted.agent.post("tools/list").status_code == 401
    assert all(one["id"] != deleted.id for one in person.ask("GET", "/api/workspaces")["items"])
    assert directory.read(directory.membership_key(person.id, deleted.id), Membership) is None


def test_all_of_it_is_removed_in_bounded_batches(deleted: Deleted) -> None:
    before = deleted.items()
    batches = purge_all(deleted.due)
    files = 1
    assert sum(batches) == before + files
    assert max(batches) <= rules.PURGE_BATCH
    assert (deleted.items(), deleted.route(), deleted.file(), deleted.is_due()) == (0, None, None, False)


def test_a_purge_that_is_interrupted_anywhere_goes_on(deleted: Deleted, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = 0

    def every_other_time(work: Callable[..., None]) -> Callable[..., None]:
        def interrupted(*arguments: object) -> None:
            nonlocal rounds
            rounds += 1
            if rounds % 2:
                raise KeyboardInterrupt
            work(*arguments)

        return interrupted

    for name in ("remove", "write_all"):
        monkeypatch.setattr(directory, name, every_other_time(getattr(directory, name)))
    while deleted.is_due():
        try:
            rules.purge(deleted.due)
        except KeyboardInterrupt:
            assert deleted.is_due()
    assert (deleted.items(), deleted.route(), deleted.file()) == (0, None, None)


def test_a_purge_that_is_done_can_be_repeated(deleted: Deleted) -> None:
    purge_all(deleted.due)
    assert rules.purge(deleted.due) == 0


def test_its_neighbours_stay(person: Person, program: Program) -> None:
    neighbour = person.create_workspace("stays")["id"]
    task = person.create_task(neighbour)
    purge_all(Deleted(program, person).due)
    assert person.ask("GET", f"/api/workspaces/{neighbour}/tasks")["items"] == [task]
