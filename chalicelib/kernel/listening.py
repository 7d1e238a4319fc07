"""The stream function: every event, in order per workspace and at least once, goes to the relay and to the listeners.
It also hears that a session is gone, whoever removed it or let it expire, and ends the streams that it had opened.

A listener is idempotent: it may see an event twice. It may return GRIP items to publish. A record that fails is
reported as such, so that the next attempt begins with it and nothing behind it overtakes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.kernel import grip
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.events import Event

Listener = Callable[[Event], list[grip.Item] | None]
TOLD_AT_ONCE = 25
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

    Records of one workspace keep their order. After a failure the rest of the batch is left for the next attempt. A
    relay is told of a few at a time: one call for each would be what a busy stream waits for.
    """
    heard: list[tuple[Mapping[str, Any], list[grip.Item]]] = []
    failed: Mapping[str, Any] | None = None
    for record in records:
        try:
            items = _items(record, listeners)
        except Exception:
            failed = _not_served(record)
            break
        if items:
            heard.append((record, items))
        if len(heard) == TOLD_AT_ONCE:
            failed = _publish(heard)
            heard.clear()
            if failed is not None:
                break
    failed = (_publish(heard) if heard else None) or failed
    return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed["dynamodb"]["SequenceNumber"]}]}


def _publish(heard: list[tuple[Mapping[str, Any], list[grip.Item]]]) -> Mapping[str, Any] | None:
    """None, or the first of these records, none of which can be said to be published."""
    try:
        grip.publish([item for _, items in heard for item in items])
    except Exception:
        return _not_served(heard[0][0])
    return None


def _not_served(record: Mapping[str, Any]) -> Mapping[str, Any]:
    log.exception("change not served", extra={"fields": _told(record["dynamodb"]["Keys"])})
    return record


def _items(record: Mapping[str, Any], listeners: Listeners) -> list[grip.Item]:
    event = event_of(record)
    if event is not None:
        return [_frame(event), *listeners.hear(event), *_hints(event)]
    session = _ended_session(record)
    return [grip.close(f"ses-{session}")] if session else []


def _told(keys: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What a log may say of a record: not the id of a session."""
    return {name: value["S"] for name, value in keys.items() if name in {"workspace_id", "sk"}}


def _ended_session(record: Mapping[str, Any]) -> str | None:
    kind, _, session = record["dynamodb"]["Keys"].get("pk", {}).get("S", "").partition("#")
    return session if record["eventName"] == "REMOVE" and kind == "session" else None


def event_of(record: Mapping[str, Any]) -> Event | None:
    """The event that a stream record is about; None for any other item, its removal, and what was imported."""
    image = record["dynamodb"].get("NewImage")
    if record["eventName"] != "INSERT" or image is None or not image["sk"]["S"].startswith(Event.key("")):
        return None
    event = decode(image["body"]["S"], Event)
    return None if event.imported else event


def _frame(event: Event) -> grip.Item:
    return grip.frame(f"ws-{event.workspace_id}", event.frame(), event.seq)


def _hints(event: Event) -> list[grip.Item]:
    """Wake the streams of the agents whose inbox this event changed."""
    names = ("all" if who == "*" else who for who in dict.fromkeys(event.notify))
    return [grip.hint(f"agent-{event.workspace_id}-{name}") for name in names]
