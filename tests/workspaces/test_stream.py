"""The dashboard's stream: its form, and resuming with nothing lost or doubled."""

from __future__ import annotations

import pytest

from chalicelib.kernel import store
from chalicelib.kernel.events import MOST_PER_PAGE, Event, number
from chalicelib.kernel.links import link_for
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
from chalicelib.workspaces import stream as stream_routes
from tests.support.clients import EventStream, Person
from tests.support.scopes import emit_events, of_person
from tests.support.streams import hang_up


@pytest.fixture
def scope(person: Person, workspace_id: str) -> Scope:
    return of_person(person, workspace_id)


def ids(stream: EventStream) -> list[int]:
    return [int(frame.id or 0) for frame in stream.frames]


def test_a_stream_opens_at_once_and_says_how_long_to_pause_before_reconnecting(
    person: Person, workspace_id: str
) -> None:
    stream = person.events(workspace_id)
    person.create_task(workspace_id)
    stream.wait_for_type("task.created")
    assert stream.raw.startswith(b": handrail\nretry: 2000\n\n")
    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert stream.response.headers["cache-control"] == "no-store"
    assert not any(name.startswith("grip") for name in stream.response.headers)


def test_a_frame_has_the_number_the_type_and_what_happened(person: Person, workspace_id: str) -> None:
    stream = person.events(workspace_id)
    task = person.create_task(workspace_id, "Do it")
    frame = stream.wait_for_type("task.created")
    assert (frame.id, frame.event) == ("2", "task.created")
    event = frame.json
    assert event["task"] == task
    assert (event["seq"], event["type"], event["workspace_id"]) == (2, "task.created", workspace_id)
    assert event["actor"] == {"kind": "person", "id": person.id, "name": person.session.name}
    assert event["at"].endswith("Z")


def test_a_text_of_many_lines_stays_one_frame(person: Person, workspace_id: str) -> None:
    stream = person.events(workspace_id)
    text = "a\nb\r\n\nevent: forged\ndata: {}\n\n\u2028c"
    task = person.create_task(workspace_id)
    person.reply(workspace_id, task["id"], text)
    assert stream.wait_for_type("reply.received").json["message"]["text"] == text
    assert [frame.event for frame in stream.frames] == ["task.created", "reply.received"]


def test_a_new_stream_begins_with_what_happens_now(person: Person, workspace_id: str) -> None:
    person.create_task(workspace_id)
    stream = person.events(workspace_id)
    person.create_task(workspace_id)
    stream.wait_for_type("task.created")
    assert ids(stream) == [3]


@pytest.mark.parametrize("by_header", [True, False])
def test_resuming_brings_what_was_missed_and_then_what_happens(
    person: Person, workspace_id: str, scope: Scope, by_header: bool
) -> None:
    emit_events(scope, 5)
    if by_header:
        stream = person.events(workspace_id, headers={"Last-Event-ID": "2"})
    else:
        stream = person.events(workspace_id, after=2)
    emit_events(scope, 2)
    stream.wait_for(lambda frame: frame.id == "8")
    assert ids(stream) == list(range(3, 9))


def test_the_header_that_a_browser_sends_outweighs_the_address(
    person: Person, workspace_id: str, scope: Scope
) -> None:
    emit_events(scope, 4)
    stream = person.events(workspace_id, after=1, headers={"Last-Event-ID": "4"})
    stream.wait_for(lambda frame: frame.id == "5")
    assert ids(stream) == [5]


@pytest.mark.parametrize("header", ["x", "-1", "1" * 16, "１"])
def test_a_last_event_id_that_is_none_is_refused(person: Person, workspace_id: str, header: str) -> None:
    answer = person.http.get(f"/api/workspaces/{workspace_id}/events", headers=[(b"Last-Event-ID", header.encode())])
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("backlog", [MOST_PER_PAGE - 1, MOST_PER_PAGE, 2 * MOST_PER_PAGE + 1])
def test_a_backlog_of_any_length_comes_whole_and_the_stream_goes_on(
    person: Person, workspace_id: str, scope: Scope, backlog: int
) -> None:
    emit_events(scope, backlog)
    stream = person.events(workspace_id, after=1)
    stream.wait_for(lambda frame: frame.id == str(backlog + 1))
    emit_events(scope, 3)
    stream.wait_for(lambda frame: frame.id == str(backlog + 4))
    assert ids(stream) == list(range(2, backlog + 5))


def test_clients_that_come_and_go_get_every_event_once(person: Person, workspace_id: str, scope: Scope) -> None:
    last, got = 1, []
    for _ in range(8):
        stream = person.events(workspace_id, headers={"Last-Event-ID": str(last)})
        emit_events(scope, 3)
        hang_up(stream)
        got += ids(stream)
        last = got[-1] if got else last
    stream = person.events(workspace_id, headers={"Last-Event-ID": str(last)})
    if last < 25:
        stream.wait_for(lambda frame: frame.id == "25")
    assert got + ids(stream) == list(range(2, 26))


def forget(scope: Scope, seq: int) -> None:
    store.WorkspaceItem(scope.workspace_id, Event.key(number(seq))).delete()


@pytest.mark.parametrize("forgotten", [[2, 3], [2, 3, 4, 5, 6]])
def test_where_the_log_no_longer_reaches_back_there_is_one_reset(
    person: Person, workspace_id: str, scope: Scope, forgotten: list[int]
) -> None:
    emit_events(scope, 5)
    for seq in forgotten:
        forget(scope, seq)
    stream = person.events(workspace_id, after=1)
    reset = stream.wait_for_type("reset")
    assert (reset.id, reset.json) == ("6", {"seq": 6, "type": "reset"})
    emit_events(scope, 1)
    stream.wait_for(lambda frame: frame.id == "7")
    assert ids(stream) == [6, 7]


def test_what_is_left_of_the_log_serves_those_who_need_no_more(
    person: Person, workspace_id: str, scope: Scope
) -> None:
    emit_events(scope, 5)
    forget(scope, 2)
    stream = person.events(workspace_id, after=2)
    stream.wait_for(lambda frame: frame.id == "6")
    assert ids(stream) == [3, 4, 5, 6]


def test_a_client_that_knows_the_future_is_reset(person: Person, workspace_id: str, scope: Scope) -> None:
    stream = person.events(workspace_id, after=1000)
    assert stream.wait_for_type("reset").id == "1"
    emit_events(scope, 1)
    stream.wait_for(lambda frame: frame.id == "2")


def test_the_relay_is_asked_to_keep_alive_to_check_and_to_notice_gaps(scope: Scope) -> None:
    headers = stream_routes.follow(scope, link_for(scope, stream_routes.KIND, scope.head.seq)).headers
    assert headers["Grip-Hold"] == "stream"
    assert headers["Grip-Keep-Alive"] == ":\\n\\n; format=cstring; timeout=20"
    assert f"ws-{scope.workspace_id}; prev-id=1" in headers["Grip-Channel"]
    assert f"ses-{scope.credential_id}" in headers["Grip-Channel"]
    assert f"rel=next; timeout={settings().stream_recheck}" in headers["Grip-Link"]


def test_two_windows_see_the_same(person: Person, workspace_id: str) -> None:
    streams = [person.events(workspace_id) for _ in range(2)]
    for title in "abcde":
        person.create_task(workspace_id, title)
    for stream in streams:
        stream.wait_for(lambda frame: frame.id == "6")
    assert streams[0].frames == streams[1].frames
