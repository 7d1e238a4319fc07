"""The stream over all workspaces of a person: each in order, nothing lost or doubled, whatever comes and goes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from chalicelib.onebox.program import Program
from tests.contract.grip.pushpin import must_be_installed
from tests.support.clients import EventStream, Frame, Json, Person
from tests.support.relays import behind_pushpin
from tests.support.scopes import emit_events, of_person

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["embedded", "pushpin"])
def url(request: pytest.FixtureRequest, program: Program) -> Iterator[str]:
    if request.param == "embedded":
        yield program.url
        return
    must_be_installed()
    with behind_pushpin(program) as url:
        yield url


@pytest.fixture
def person(url: str) -> Person:
    return Person(url, f"streamer-{next(_numbers)}")


@pytest.fixture
def workspaces(person: Person) -> list[str]:
    return [person.create_workspace(name)["id"] for name in ("one", "two", "three")]


def seq_of(person: Person, workspace_id: str) -> int:
    seq: int = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    return seq


def of(stream: EventStream, workspace_id: str) -> list[Frame]:
    return [frame for frame in list(stream.frames) if frame.json["workspace_id"] == workspace_id]


def ids(stream: EventStream, workspace_id: str) -> list[int]:
    return [int(frame.id or 0) for frame in of(stream, workspace_id)]


def wait_for(stream: EventStream, workspace_id: str, seq: int) -> Frame:
    return stream.wait_for(lambda frame: frame.id == str(seq) and frame.json["workspace_id"] == workspace_id)


def reset(workspace_id: str, seq: int) -> Json:
    return {"type": "reset", "workspace_id": workspace_id, "seq": seq}


def test_a_stream_opens_at_once_with_a_reset_of_every_workspace(person: Person, workspaces: list[str]) -> None:
    stream = person.all_events()
    for workspace_id in workspaces:
        frame = wait_for(stream, workspace_id, 1)
        assert (frame.event, frame.json) == ("reset", reset(workspace_id, 1))
    assert stream.raw.startswith(b": handrail\nretry: 2000\n\n")
    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert not any(name.startswith("grip") for name in stream.response.headers)
    assert len(stream.frames) == 3


def test_what_happens_in_any_workspace_arrives_as_it_does_on_its_own_stream(
    person: Person, workspaces: list[str]
) -> None:
    every, own = person.all_events(dict.fromkeys(workspaces, 1)), person.events(workspaces[1])
    for workspace_id in workspaces:
        person.create_task(workspace_id)
        assert wait_for(every, workspace_id, 2).event == "task.created"
    assert wait_for(own, workspaces[1], 2) == of(every, workspaces[1])[0]


def test_resuming_brings_of_each_what_was_missed_and_then_what_happens(person: Person, workspaces: list[str]) -> None:
    for number, workspace_id in enumerate(workspaces):
        emit_events(of_person(person, workspace_id), 3 * number)
    stream = person.all_events({workspaces[0]: 1, workspaces[1]: 2, workspaces[2]: 4})
    for workspace_id in workspaces:
        emit_events(of_person(person, workspace_id), 2)
    wait_for(stream, workspaces[0], 3)
    wait_for(stream, workspaces[1], 6)
    wait_for(stream, workspaces[2], 9)
    assert [ids(stream, workspace_id) for workspace_id in workspaces] == [[2, 3], [3, 4, 5, 6], [5, 6, 7, 8, 9]]


def test_a_workspace_that_is_made_meanwhile_appears_and_is_followed(person: Person, workspaces: list[str]) -> None:
    stream = person.all_events(dict.fromkeys(workspaces, 1))
    made = person.create_workspace("four")["id"]
    assert wait_for(stream, made, 1).json == reset(made, 1)
    for workspace_id in (made, workspaces[0]):
        person.create_task(workspace_id)
        assert wait_for(stream, workspace_id, 2).event == "task.created"
    assert [len(of(stream, workspace_id)) for workspace_id in (*workspaces, made)] == [1, 0, 0, 2]


def test_a_workspace_that_is_deleted_says_so_and_the_others_go_on(person: Person, workspaces: list[str]) -> None:
    stream = person.all_events(dict.fromkeys(workspaces, 1))
    person.ask("DELETE", f"/api/workspaces/{workspaces[0]}", 204, json={"confirm": "one"})
    assert wait_for(stream, workspaces[0], 2).event == "workspace.deleted"
    made = person.create_workspace("four")["id"]
    wait_for(stream, made, 1)
    person.create_task(workspaces[1])
    wait_for(stream, workspaces[1], 2)
    assert [frame.event for frame in of(stream, workspaces[0])] == ["workspace.deleted"]


def test_signing_out_ends_the_stream(person: Person, workspaces: list[str]) -> None:
    stream = person.all_events()
    wait_for(stream, workspaces[0], 1)
    person.ask("DELETE", "/auth/session", 204)
    stream.wait_until_closed()
