"""The event log of a workspace: one item per event, numbered without gaps, written with the change it tells of.

`data` is the JSON object that clients see, ready to send. `notify` names the agents (`*`: all) whose inbox changed;
`newly_waiting` holds the sort keys of what waits for a person since then, or anew. What is `imported` happened in
another place: it can be read, but nobody is told of it again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import msgspec

from chalicelib.kernel.entity import Actor, Entity
from chalicelib.kernel.errors import Json
from chalicelib.kernel.settings import settings

MOST_PER_PAGE = 200
_DIGITS = 12


class Event(Entity, kw_only=True):
    PREFIX: ClassVar[str] = "event"

    seq: int
    type: str
    at: datetime
    actor: Actor
    notify: list[str]
    newly_waiting: list[str] = []
    imported: bool = False
    data: msgspec.Raw

    def sort_key(self) -> str:
        return self.key(number(self.seq))

    def expires(self) -> datetime:
        return self.at + timedelta(seconds=settings().event_retention)

    def entity(self, name: str) -> dict[str, Json] | None:
        """The entity that the event carries under `name`, as plain JSON."""
        found: dict[str, Json] | None = msgspec.json.decode(self.data).get(name)
        return found

    def frame(self) -> str:
        """The event as a frame of a `text/event-stream`."""
        return f"id: {self.seq}\nevent: {self.type}\ndata: {bytes(self.data).decode()}\n\n"


def number(seq: int) -> str:
    return str(seq).zfill(_DIGITS)
