"""Everything of a workspace as it was at one `seq`, while others go on writing to it.

    read all, a page at a time ──► read what the events since then name, again ──► ... until the head has not moved

Every change has an event that names what it changed, so what no event names is as it was read. It is staged in a file
of its own, so that a workspace of any size takes little memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.archive.format import ATTACHMENTS, EVENTS, KINDS, ArchiveError, Kind
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.entity import Entity
from chalicelib.kernel.events import Event, number
from chalicelib.kernel.head import Head
from chalicelib.kernel.pages import LARGEST_LIMIT, start_after
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.store import BATCH, E
from chalicelib.tasks.model import Activity, Message

MOST_ROUNDS = 1_000
Keys = dict[str, type[Entity]]


class Snapshot:
    def __init__(self, folder: Path) -> None:
        self._staged = sqlite3.connect(folder / "snapshot.db", isolation_level=None)
        self._staged.execute("PRAGMA synchronous = OFF")
        self._staged.execute("CREATE TABLE items (sk TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")

    def close(self) -> None:
        self._staged.close()

    def take(self, fresh: Callable[[], Scope]) -> Head:
        """Stage all of it; `fresh` gives the workspace's scope as of now. The head that it is true for."""
        scope = fresh()
        for kind in KINDS:
            self._read_all(scope, kind.entity)
        return self.catch_up(fresh, scope.head.seq)

    def catch_up(self, fresh: Callable[[], Scope], seq: int) -> Head:
        """Make what was staged when the workspace stood at `seq` true for now."""
        for _ in range(MOST_ROUNDS):
            scope = fresh()
            if scope.head.seq == seq:
                return scope.head
            for event in _events(scope, seq, scope.head.seq):
                self._put([event])
                self._forget_thread_of_deleted(event)
                self._read_again(scope, named_by(event))
            seq = scope.head.seq
        raise ArchiveError("the workspace changes faster than it can be read; try again when it is quieter")

    def entities(self, kind: Kind[E]) -> Iterator[E]:
        prefix = kind.entity.key("")
        rows = self._staged.execute(
            "SELECT body FROM items WHERE sk >= ? AND sk < ? ORDER BY sk", (prefix, prefix[:-1] + "$")
        )
        for (body,) in rows:
            yield decode(body, kind.entity)

    def last_events(self) -> Iterator[Event]:
        """The events behind the last gap, which a restore leaves."""
        begin, last = 0, 0
        for event in self.entities(EVENTS):
            begin = event.seq if event.seq != last + 1 else begin
            last = event.seq
        return (event for event in self.entities(EVENTS) if event.seq >= begin)

    def files(self) -> Iterator[str]:
        """The ids of the attachments that are exported."""
        return (one.id for one in self.entities(ATTACHMENTS) if one.task_id is not None)

    def _read_all(self, scope: Scope, kind: type[Entity]) -> None:
        cursor = None
        while True:
            page = scope.list(kind, kind.key(""), LARGEST_LIMIT, cursor)
            self._put(page.items)
            cursor = page.next_cursor
            if cursor is None:
                return

    def _put(self, entities: Iterable[Entity]) -> None:
        rows = [(one.sort_key(), msgspec.json.encode(one)) for one in entities]
        self._staged.executemany("INSERT OR REPLACE INTO items VALUES (?, ?)", rows)

    def _read_again(self, scope: Scope, keys: Keys) -> None:
        for kind in {*keys.values()}:
            wanted = [key for key, its_kind in keys.items() if its_kind is kind]
            for start in range(0, len(wanted), BATCH):
                part = wanted[start : start + BATCH]
                for key, entity in zip(part, scope.find_all(kind, part), strict=True):
                    if entity is None:
                        self._staged.execute("DELETE FROM items WHERE sk = ?", (key,))
                    else:
                        self._put([entity])

    def _forget_thread_of_deleted(self, event: Event) -> None:
        if event.type != "task.deleted":
            return
        task_id = (event.entity("task") or {})["id"]
        for kind in (Message, Activity):
            prefix = kind.key(str(task_id), "")
            self._staged.execute("DELETE FROM items WHERE sk >= ? AND sk < ?", (prefix, prefix[:-1] + "$"))


def _events(scope: Scope, after: int, last: int) -> Iterator[Event]:
    cursor = start_after(Event.key(number(after)))
    while after < last:
        page = scope.list(Event, Event.key(""), LARGEST_LIMIT, cursor)
        for event in page.items:
            if event.seq > last:
                return
            if event.seq != after + 1:
                break
            after = event.seq
            yield event
        cursor = page.next_cursor
        if cursor is None and after < last:
            raise ArchiveError("its event log no longer tells what changed meanwhile; try again")


def named_by(event: Event) -> Keys:
    """The sort keys of what an event says that it changed, of the kinds that are exported."""
    data: dict[str, Any] = msgspec.json.decode(event.data)
    by_name = {kind.entity.PREFIX: kind.entity for kind in KINDS}
    keys: Keys = {}
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict) or "id" not in one:
                continue
            prefix = "activity" if name == "activities" else name
            kind = by_name.get(prefix)
            if kind in (Message, Activity):
                keys[kind.key(one["task_id"], one["id"])] = kind
            elif kind is not None:
                keys[kind.key(one["id"])] = kind
            for file in one.get("attachments") or ():
                keys[ATTACHMENTS.entity.key(file["id"])] = ATTACHMENTS.entity
    return keys
