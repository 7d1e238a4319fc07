"""What the stream function makes of a batch: what it tells the relay, and what it says of what it could not serve."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from chalicelib.kernel import clock, grip
from chalicelib.kernel.entity import SYSTEM
from chalicelib.kernel.events import Event
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.listening import TOLD_AT_ONCE, Listeners, handle
from chalicelib.kernel.relays import NotPublished
from chalicelib.onebox.program import Program
from tests.support.waiting import everything_published

Record = dict[str, Any]
WS = new_id()


class Relay:
    """What the test told it; it takes nothing that names one of `refused`."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.refused: set[str] = set()

    def publish(self, items: Sequence[grip.Item]) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # the program tells of what other tests left
        names = [f"{item['channel']} {item.get('id', '')}".strip() for item in items]
        if self.refused & set(names):
            raise NotPublished("it is down")
        self.told += names


@pytest.fixture
def relay(program: Program) -> Iterator[Relay]:
    everything_published(program)
    relay = Relay()
    grip.publish_through(relay)
    yield relay
    grip.publish_through(program.relay)


def changed(seq: int, body: str | None = None) -> Record:
    """The record of an event; its number in the stream is its `seq`."""
    event = Event(
        workspace_id=WS,
        id=new_id(),
        version=1,
        seq=seq,
        type="task.created",
        at=clock.now(),
        actor=SYSTEM,
        notify=[],
        data=msgspec.Raw(b"{}"),
    )
    image = {"sk": {"S": event.sort_key()}, "body": {"S": body or msgspec.json.encode(event).decode()}}
    keys = {"workspace_id": {"S": WS}, "sk": {"S": event.sort_key()}}
    return {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": str(seq)}}


def ended(session: str, number: int) -> Record:
    keys = {"pk": {"S": f"session#{session}"}, "sk": {"S": "session"}}
    return {"eventName": "REMOVE", "dynamodb": {"Keys": keys, "SequenceNumber": str(number)}}


def failed(*numbers: int) -> dict[str, list[dict[str, str]]]:
    return {"batchItemFailures": [{"itemIdentifier": str(number)} for number in numbers]}


def frames(*numbers: int) -> list[str]:
    return [f"ws-{WS} {number}" for number in numbers]


def listeners(poison: int = 0) -> tuple[Listeners, list[int]]:
    """Who fails at one event, and what they heard."""
    found, heard = Listeners(), list[int]()

    @found.on("task.created")
    def hear(event: Event) -> None:
        if event.seq == poison:
            raise RuntimeError("poison")
        heard.append(event.seq)

    return found, heard


def test_a_batch_is_heard_and_told_in_its_order(relay: Relay) -> None:
    hearing, heard = listeners()
    assert handle([changed(1), ended("s", 2), changed(3)], hearing) == failed()
    assert (heard, relay.told) == ([1, 3], [*frames(1), "ses-s", *frames(3)])


def test_a_record_that_fails_is_named_what_came_before_is_told_and_nothing_overtakes_it(relay: Relay) -> None:
    hearing, heard = listeners(poison=3)
    assert handle([changed(1), changed(2), changed(3), changed(4)], hearing) == failed(3)
    assert (heard, relay.told) == ([1, 2], frames(1, 2))


def test_so_is_one_that_cannot_be_read(relay: Relay) -> None:
    hearing, heard = listeners()
    assert handle([changed(1), changed(2, body="{"), changed(3)], hearing) == failed(2)
    assert (heard, relay.told) == ([1], frames(1))


def test_when_the_relay_does_not_take_it_the_first_that_it_may_not_have_is_named(relay: Relay) -> None:
    hearing, _ = listeners()
    relay.refused = set(frames(2))
    assert handle([changed(1), changed(2), changed(3)], hearing) == failed(1)
    assert relay.told == []


def test_a_failing_record_does_not_hide_that_those_before_it_were_not_told(relay: Relay) -> None:
    hearing, _ = listeners(poison=3)
    relay.refused = set(frames(2))
    assert handle([changed(1), changed(2), changed(3)], hearing) == failed(1)


@pytest.mark.parametrize("refused", [1, TOLD_AT_ONCE, TOLD_AT_ONCE + 1, 2 * TOLD_AT_ONCE])
def test_a_long_batch_is_told_in_parts_and_begins_again_with_the_part_that_failed(relay: Relay, refused: int) -> None:
    hearing, heard = listeners()
    relay.refused = set(frames(refused))
    began = 1 if refused <= TOLD_AT_ONCE else TOLD_AT_ONCE + 1
    batch = [changed(seq) for seq in range(1, 3 * TOLD_AT_ONCE)]
    assert handle(batch, hearing) == failed(began)
    assert relay.told == frames(*range(1, began))
    assert heard == list(range(1, began + TOLD_AT_ONCE)), "what comes after it waits"


def test_what_is_no_event_is_passed_over(relay: Relay) -> None:
    hearing, heard = listeners()
    updated, removed, other = changed(1), changed(2), changed(3)
    updated["eventName"], removed["eventName"] = "MODIFY", "REMOVE"
    other["dynamodb"]["NewImage"]["sk"]["S"] = "task#x"
    assert handle([updated, removed, other], hearing) == failed()
    assert (heard, relay.told) == ([], [])


def test_the_log_names_what_was_not_served_but_no_session(relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    relay.refused = {"ses-secret"}
    assert handle([ended("secret", 7)], Listeners()) == failed(7)
    assert "change not served" in caplog.text
    assert not [record for record in caplog.records if "secret" in str(getattr(record, "fields", ""))]
