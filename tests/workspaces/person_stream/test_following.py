"""The stream over all workspaces of a person: each in order, nothing lost or doubled, whatever comes and goes."""

from __future__ import annotations

import pytest

from chalicelib.kernel import store
from chalicelib.kernel.events import MOST_PER_PAGE, Event, number
from chalicelib.workspaces import rules
from chalicelib.workspaces.person_stream import MOST_HELD
from tests.support.clients import Json, Person
from tests.support.scopes import emit_events, of_person
from tests.support.streams import ids, of, wait_for


def reset(workspace_id: str, seq: int) -> Json:
    return {"type": "reset", "workspace_id": workspace_id, "seq": seq}


def test_a_stream_opens_at_once_with_a_reset_of_every_workspace(relayed: Person, workspaces: list[str]) -> None:
    stream = relayed.all_events()
    for workspace_id in workspaces:
        frame = wait_for(stream, workspace_id, 1)
        assert (frame.event, frame.json) == ("reset", reset(workspace_id, 1))
    assert stream.raw.startswith(b": handrail\nretry: 2000\n\n")
    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert not any(name.startswith("grip") for name in stream.response.headers)
    assert len(stream.frames) == 3


def test_what_happens_in_any_workspace_arrives_as_it_does_on_its_own_stream(
    relayed: Person, workspaces: list[str]
) -> None:
    every, own = relayed.all_events(dict.fromkeys(workspaces, 1)), relayed.events(workspaces[1])
    for workspace_id in workspaces:
        relayed.create_task(workspace_id)
        assert wait_for(every, workspace_id, 2).event == "task.created"
    assert wait_for(own, workspaces[1], 2) == of(every, workspaces[1])[0]


def test_resuming_brings_of_each_what_was_missed_and_then_what_happens(
    relayed: Person, workspaces: list[str]
) -> None:
    for count, workspace_id in enumerate(workspaces):
        emit_events(of_person(relayed, workspace_id), 3 * count)
    stream = relayed.all_events({workspaces[0]: 1, workspaces[1]: 2, workspaces[2]: 4})
    for workspace_id in workspaces:
        emit_events(of_person(relayed, workspace_id), 2)
    wait_for(stream, workspaces[0], 3)
    wait_for(stream, workspaces[1], 6)
    wait_for(stream, workspaces[2], 9)
    assert [ids(stream, workspace_id) for workspace_id in workspaces] == [[2, 3], [3, 4, 5, 6], [5, 6, 7, 8, 9]]


def test_a_workspace_that_is_made_meanwhile_appears_and_is_followed(relayed: Person, workspaces: list[str]) -> None:
    stream = relayed.all_events(dict.fromkeys(workspaces, 1))
    made = relayed.create_workspace("four")["id"]
    assert wait_for(stream, made, 1).json == reset(made, 1)
    for workspace_id in (made, workspaces[0]):
        relayed.create_task(workspace_id)
        assert wait_for(stream, workspace_id, 2).event == "task.created"
    assert [len(of(stream, workspace_id)) for workspace_id in (*workspaces, made)] == [1, 0, 0, 2]


def test_a_workspace_that_is_deleted_says_so_and_the_others_go_on(relayed: Person, workspaces: list[str]) -> None:
    stream = relayed.all_events(dict.fromkeys(workspaces, 1))
    relayed.ask("DELETE", f"/api/workspaces/{workspaces[0]}", 204, json={"confirm": "one"})
    assert wait_for(stream, workspaces[0], 2).event == "workspace.deleted"
    made = relayed.create_workspace("four")["id"]
    wait_for(stream, made, 1)
    relayed.create_task(workspaces[1])
    wait_for(stream, workspaces[1], 2)
    assert [frame.event for frame in of(stream, workspaces[0])] == ["workspace.deleted"]


def test_the_first_workspace_of_somebody_appears(relayed: Person) -> None:
    stream = relayed.all_events()
    made = relayed.create_workspace()["id"]
    assert wait_for(stream, made, 1).json == reset(made, 1)
    relayed.create_task(made)
    assert wait_for(stream, made, 2).event == "task.created"


@pytest.mark.parametrize("known", [0, 5])
def test_a_workspace_that_nobody_has_is_to_be_loaded_anew(relayed: Person, workspaces: list[str], known: int) -> None:
    stream = relayed.all_events({"00000000000": known, workspaces[0]: 1})
    assert wait_for(stream, "00000000000", 0).json == reset("00000000000", 0)
    wait_for(stream, workspaces[1], 1)
    assert [frame.event for frame in stream.frames] == ["reset"] * 3
    assert ids(stream, workspaces[0]) == []


def test_only_what_cannot_resume_is_reset(relayed: Person, workspaces: list[str]) -> None:
    """The log of the first no longer reaches back, of the second it does, and the third never got that far."""
    for workspace_id in workspaces[:2]:
        emit_events(of_person(relayed, workspace_id), 3)
    store.WorkspaceItem(workspaces[0], Event.key(number(2))).delete()
    stream = relayed.all_events({workspaces[0]: 1, workspaces[1]: 1, workspaces[2]: 1_000})
    for workspace_id in workspaces:
        emit_events(of_person(relayed, workspace_id), 1)
    for workspace_id, last in zip(workspaces, (5, 5, 2), strict=True):
        wait_for(stream, workspace_id, last)
    told = [[(frame.event, frame.id) for frame in of(stream, workspace_id)] for workspace_id in workspaces]
    happened = "test.happened"
    assert told[0] == [("reset", "4"), (happened, "5")]
    assert told[1] == [(happened, str(seq)) for seq in range(2, 6)]
    assert told[2] == [("reset", "1"), (happened, "2")]


def test_a_backlog_of_many_pages_comes_whole_and_the_stream_goes_on(relayed: Person, workspaces: list[str]) -> None:
    backlogs = dict(zip(workspaces, (MOST_PER_PAGE + 30, 3, MOST_PER_PAGE), strict=True))
    for workspace_id, backlog in backlogs.items():
        emit_events(of_person(relayed, workspace_id), backlog)
    stream = relayed.all_events(dict.fromkeys(workspaces, 1))
    for workspace_id, backlog in backlogs.items():
        emit_events(of_person(relayed, workspace_id), 2)
        wait_for(stream, workspace_id, backlog + 3)
        assert ids(stream, workspace_id) == list(range(2, backlog + 4))


def test_a_hundred_workspaces_are_followed_on_one_connection(relayed: Person) -> None:
    made = [rules.create(relayed.session, rules.NewWorkspace(name=str(n)), None).id for n in range(MOST_HELD)]
    stream = relayed.all_events(dict.fromkeys(made, 1))
    for workspace_id in made:
        emit_events(of_person(relayed, workspace_id), 1)
    extra = relayed.create_workspace()["id"]
    assert wait_for(stream, extra, 1).event == "reset"
    for workspace_id in made:
        wait_for(stream, workspace_id, 2)
    relayed.create_task(extra)
    wait_for(stream, extra, 2)
    assert len(stream.frames) == MOST_HELD + 2


def test_another_session_of_the_same_person_goes_on(relayed: Person, url: str, workspaces: list[str]) -> None:
    other = Person(url, relayed.session.name)
    assert (other.id, other.session.id == relayed.session.id) == (relayed.id, False)
    stays, ends = other.all_events(dict.fromkeys(workspaces, 1)), relayed.all_events(dict.fromkeys(workspaces, 1))
    other.create_task(workspaces[0])
    for stream in (stays, ends):
        wait_for(stream, workspaces[0], 2)
    relayed.ask("DELETE", "/auth/session", 204)
    ends.wait_until_closed()
    other.create_task(workspaces[0])
    wait_for(stays, workspaces[0], 3)


def test_signing_out_ends_the_stream(relayed: Person, workspaces: list[str]) -> None:
    stream = relayed.all_events()
    wait_for(stream, workspaces[0], 1)
    relayed.ask("DELETE", "/auth/session", 204)
    stream.wait_until_closed()
