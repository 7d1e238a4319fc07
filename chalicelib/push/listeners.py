"""The notify function: a consumer of the change stream of its own, so that no push service can hold up the frames.

change ──► event that lets something wait ──► still waiting? ──► people of the workspace, but for who did it
       ──► their devices ──► one message each

At least once. What is sent twice has the same tag and topic, so it is seen once. What a push service does not take is
logged and not tried again: the inbox is what lasts, a notification is a hint.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.kernel.events import Event
from chalicelib.kernel.listening import event_of
from chalicelib.kernel.scope import for_system, heads_of
from chalicelib.kernel.settings import settings
from chalicelib.members.rules import people_of
from chalicelib.push import notifications, rules
from chalicelib.push.sending import delivery
from chalicelib.push.sending.delivery import Letter

log = logging.getLogger("handrail.push")


def notify(records: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """Serve DynamoDB Streams records; the answer names the first that failed, in the form Lambda asks for."""
    letters: dict[tuple[str, str], Letter] = {}
    failures: list[dict[str, str]] = []
    for record in records if settings().push_key else ():
        event = event_of(record)
        if event is None:
            continue
        try:
            letters |= {(letter.device.id, letter.topic): letter for letter in _letters(event)}
        except Exception:
            log.exception("not notified", extra={"fields": {"workspace": event.workspace_id, "seq": event.seq}})
            failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
            break
    delivery.deliver(letters.values())
    return {"batchItemFailures": failures}


def _letters(event: Event) -> Iterator[Letter]:
    if not event.newly_waiting:
        return
    scope = for_system(event.workspace_id)
    if scope is None:
        return
    people = [person for person in people_of(scope) if person != event.actor.id]
    devices = {person: found for person in people if (found := rules.alive(person))}
    if not devices:
        return
    for sort_key in event.newly_waiting:
        notification = notifications.about(scope, sort_key, event.actor)
        if notification is None:
            continue
        for person, own in devices.items():
            notification.waiting = _waiting_for(person)
            content = msgspec.json.encode(notification)
            for device in own:
                yield Letter(device, delivery.topic_of(notification.tag), notification.is_urgent, content)


def _waiting_for(person_id: str) -> int:
    """CROSS-WORKSPACE BY DESIGN: the badge counts what waits for a person in all their workspaces; a number only."""
    return sum(head.counts.waiting for head in heads_of(person_id).items)
