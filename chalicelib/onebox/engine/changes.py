"""The durable change feed: one record for each changed item of a streamed table, in commit order.

A record is what Lambda receives from DynamoDB Streams (JSON, so binary is base64). It is written in the
transaction of the change itself; sequence numbers have no gaps and are never used twice, also after
trimming. A write that changes nothing leaves no record.
"""

import sqlite3
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from chalicelib.onebox.engine.definitions import REGION, stream_arn
from chalicelib.onebox.engine.schema import Table
from chalicelib.onebox.engine.storage import Storage
from chalicelib.onebox.engine.values import Item, size_of_item

_TRIMMED = "changes-trimmed"
_CURSOR = "cursor-"
_EXPIRY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, object]).decode


@dataclass(frozen=True, slots=True)
class Change:
    sequence: int
    record: dict[str, object]


class ChangeFeed:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._arrival = threading.Condition()
        self._stopped = False
        with storage.reading() as connection:
            (last,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM changes").fetchone()
            self._last: int = max(last, _counter(connection, _TRIMMED))
        self._next = self._last + 1

    @property
    def last(self) -> int:
        return self._last

    def begin(self) -> None:
        """A write transaction starts; numbers taken by one that was rolled back are free again."""
        self._next = self._last + 1

    def record(
        self, connection: sqlite3.Connection, table: Table, old: Item | None, new: Item | None, expired: bool
    ) -> None:
        if not table.streamed:
            return
        sequence = self._next
        self._next += 1
        connection.execute(
            "INSERT INTO changes (sequence, record) VALUES (?, ?)",
            (sequence, _encode(_record(sequence, table, old, new, expired))),
        )

    def committed(self) -> None:
        if self._next - 1 > self._last:
            with self._arrival:
                self._last = self._next - 1
                self._arrival.notify_all()

    def after(self, sequence: int, limit: int) -> list[Change]:
        with self._storage.reading() as connection:
            rows = connection.execute(
                "SELECT sequence, record FROM changes WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (sequence, limit),
            ).fetchall()
        return [Change(number, _decode(record)) for number, record in rows]

    def wait(self, after: int, timeout: float) -> bool:
        with self._arrival:
            self._arrival.wait_for(lambda: self._last > after or self._stopped, timeout)
            return self._last > after

    def stop(self) -> None:
        """Wake everyone who waits."""
        with self._arrival:
            self._stopped = True
            self._arrival.notify_all()

    def cursor(self, name: str) -> int:
        with self._storage.reading() as connection:
            return _counter(connection, _CURSOR + name)

    def advance(self, name: str, sequence: int, names: Collection[str]) -> None:
        """Set the cursor of `name`, and trim what all of `names` have passed, in one transaction.

        Who has come less far after a loss of power is given changes twice, as consumers must expect anyway.
        """
        with self._storage.writing(may_be_undone=True) as connection:
            _set_counter(connection, _CURSOR + name, sequence)
            self._trim(connection, min(_counter(connection, _CURSOR + one) for one in names))

    def _trim(self, connection: sqlite3.Connection, up_to: int) -> None:
        connection.execute("DELETE FROM changes WHERE sequence <= ?", (up_to,))
        trimmed = max(_counter(connection, _TRIMMED), min(up_to, self._last))
        _set_counter(connection, _TRIMMED, trimmed)


def _record(sequence: int, table: Table, old: Item | None, new: Item | None, expired: bool) -> dict[str, object]:
    keys = table.key_of(new or old or {})
    images: dict[str, Item] = {}
    if table.view == "NEW_AND_OLD_IMAGES":
        images = {name: image for name, image in (("NewImage", new), ("OldImage", old)) if image is not None}
    stream: dict[str, object] = {
        "ApproximateCreationDateTime": round(time.time(), 3),
        "Keys": keys,
        "SequenceNumber": f"{sequence:021d}",
        "SizeBytes": sum(size_of_item(image) for image in (keys, *images.values())),
        "StreamViewType": table.view,
        **images,
    }
    record: dict[str, object] = {
        "eventID": f"{sequence:032x}",
        "eventName": "REMOVE" if new is None else "INSERT" if old is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": stream,
        "eventSourceARN": stream_arn(table),
    }
    if expired:
        record["userIdentity"] = _EXPIRY
    return record


def _counter(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def _set_counter(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute(
        "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
