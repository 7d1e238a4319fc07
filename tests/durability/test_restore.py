"""The tables are brought back to an earlier time: what clients know of the lost time does not mislead them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from chalicelib.archive.exporting import export
from chalicelib.archive.importing import bring_in
from chalicelib.kernel import clock, settings, store
from chalicelib.kernel.unit import LOST_AT_MOST
from chalicelib.onebox.program import Program
from chalicelib.people import rules as people
from tests.support.clients import Agent, Person
from tests.support.reducer import load
from tests.support.scopes import emit_events, of_person
from tests.support.waiting import everything_published


def items(workspace_id: str) -> dict[str, store.WorkspaceItem]:
    return {row.sk: row for row in store.WorkspaceItem.query(workspace_id, consistent_read=True)}


@pytest.fixture
def restored_to(program: Program) -> Iterator[RestoredTo]:
    before = settings.settings()
    yield RestoredTo(program)
    settings.configure(before)


class RestoredTo:
    def __init__(self, program: Program) -> None:
        self._program = program

    def __call__(self, workspace_id: str, kept: dict[str, store.WorkspaceItem]) -> None:
        everything_published(self._program)
        now = items(workspace_id)
        store.batch_write(kept.values(), [row for sk, row in now.items() if sk not in kept])
        settings.configure(msgspec.structs.replace(settings.settings(), restored_at=clock.now()))


def test_who_knows_lost_events_loads_anew_and_never_takes_new_ones_for_them(
    person: Person, workspace_id: str, program: Program, restored_to: RestoredTo
) -> None:
    person.create_task(workspace_id, "kept")
    kept = items(workspace_id)
    seq = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    person.create_task(workspace_id, "lost")
    emit_events(of_person(person, workspace_id), 3)
    restored_to(workspace_id, kept)
    ahead = person.events(workspace_id, after=seq + 4)
    assert ahead.wait_for_type("reset").id == str(seq)
    everywhere = person.all_events({workspace_id: seq + 4})
    assert everywhere.wait_for_type("reset").json["seq"] == seq
    emit_events(of_person(person, workspace_id), 10)
    jumped = seq + LOST_AT_MOST
    for known in (seq, seq + 1, seq + 4, seq + 10):
        stream = person.events(workspace_id, after=known)
        assert stream.wait_for_type("reset").id == str(jumped + 10)
    person.create_task(workspace_id, "new")
    stream = person.events(workspace_id, after=jumped + 10)
    assert stream.wait_for_type("task.created").id == str(jumped + 11)
    titles = {task["title"] for task in person.ask("GET", f"/api/workspaces/{workspace_id}/tasks")["items"]}
    assert titles == {"kept", "new"}


def test_a_stream_that_was_held_meanwhile_is_reset_with_the_first_change(
    person: Person, workspace_id: str, restored_to: RestoredTo
) -> None:
    held = person.events(workspace_id, after=1)
    emit_events(of_person(person, workspace_id), 1)
    held.wait_for_type("test.happened")
    restored_to(workspace_id, items(workspace_id))
    person.create_task(workspace_id, "new")
    frame = held.wait_for(lambda frame: frame.event in {"reset", "task.created"})
    assert frame.event == "reset"
    assert load(person, workspace_id).seq == int(frame.id or 0) == 2 + LOST_AT_MOST + 1


def test_numbers_jump_once(person: Person, workspace_id: str, restored_to: RestoredTo) -> None:
    restored_to(workspace_id, items(workspace_id))
    emit_events(of_person(person, workspace_id), 2)
    emit_events(of_person(person, workspace_id), 2)
    assert person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"] == 1 + LOST_AT_MOST + 4
    new = person.create_workspace("made since")["id"]
    emit_events(of_person(person, new), 1)
    assert person.ask("GET", f"/api/workspaces/{new}")["seq"] == 2


def test_an_agent_is_pushed_what_is_new_whatever_it_knows_of_the_lost_time(
    person: Person, workspace_id: str, agent: Agent, restored_to: RestoredTo
) -> None:
    kept = items(workspace_id)
    for number in range(3):
        person.create_task(workspace_id, f"lost {number}")
    known = str(person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"])
    restored_to(workspace_id, kept)
    new = person.create_task(workspace_id, "new")["id"]
    frame = agent.stream(last_event_id=known).wait_for(lambda frame: new in frame.data)
    assert int(frame.id or 0) > int(known)


def test_what_was_restored_goes_out_and_in(
    person: Person, workspace_id: str, restored_to: RestoredTo, tmp_path: Path
) -> None:
    person.create_task(workspace_id, "kept")
    restored_to(workspace_id, items(workspace_id))
    person.create_task(workspace_id, "new")
    export(workspace_id, tmp_path / "a.zip")
    new = bring_in(tmp_path / "a.zip", people.person_of(person.session)).workspace
    assert new.counts.notstarted == 2
