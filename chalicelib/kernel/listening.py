"""The stream function: every event, in order per workspace and at least once, goes to the relay and to the listeners.

A listener is idempotent: it may see an event twice. It may return GRIP items to publish. A record that fails is
reported as such, so that the next attempt begins with it and nothing behind it overtakes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from chalicelib.kernel import grip
from chalicelib.kernel.events import Event

Listener = Callable[[Event], list[grip.Item] | None]
log = logging.getLogger("handrail.events")


class Listeners:
    def __init__(self) -> None:
        self._by_type: dict[str, list[Listener]] = {}

    def on(self, *types: str) -> Callable[[Listener], Listener]:
        """Listen to these event types; `*` is all."""

        def register(listener: Listener) -> Listener:
            for type in types:
                self._by_type.setdefault(type, []).append(listener)
            return listener

        return register

    def add(self, other: Listeners) -> None:
        for type, listeners in other._by_type.items():
            self._by_type.setdefault(type, []).extend(listeners)

    def hear(self, event: Event) -> list[grip.Item]:
        items: list[grip.Item] = []
        for listener in (*self._by_type.get(event.type, ()), *self._by_type.get("*", ())):
            items += listener(event) or []
        return items


def handle(records: Iterable[Mapping[str, Any]], listeners: Listeners) -> dict[str, list[dict[str, str]]]:
    """Serve DynamoDB Streams records; the answer names the first that failed, in the form Lambda asks for.

    Records of one workspace keep their order. After a failure the rest of the batch is left for the next attempt.
    """
    for record in records:
        event = event_of(record)
        if event is None:
            continue
        try:
            grip.publish([_frame(event), *listeners.hear(event), *_hints(event)])
        except Exception:
            log.exception("event not served", extra={"fields": {"workspace": event.workspace_id, "seq": event.seq}})
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def event_of(record: Mapping[str, Any]) -> Event | None:
    """The event that a stream record is about; None for any other item, and for its removal."""
    image = record["dynamodb"].get("NewImage")
    if record["eventName"] != "INSERT" or image is None or not image["sk"]["S"].startswith(Event.key("")):
        return None
    return msgspec.json.decode(image["body"]["S"], type=Event)


def _frame(event: Event) -> grip.Item:
    return grip.frame(f"ws-{event.workspace_id}", event.frame(), event.seq)


def _hints(event: Event) -> list[grip.Item]:
    """Wake the streams of the agents whose inbox this event changed."""
    names = ("all" if who == "*" else who for who in dict.fromkeys(event.notify))
    return [grip.hint(f"agent-{event.workspace_id}-{name}") for name in names]
