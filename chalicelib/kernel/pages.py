"""Queries of one workspace's partition, a page at a time. A page ends early where no more fits into an answer.

A cursor is the place of the last item that was given, opaque to clients and worth nothing in another workspace: it
holds sort keys only, never the partition.
"""

from __future__ import annotations

import base64
import binascii
from typing import Generic, Literal, TypeVar

import msgspec

from chalicelib.kernel.decoding import decode
from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.room import Room
from chalicelib.kernel.store import E, WorkspaceItem, entity_of

Cursor = str | None
Index = Literal["by_state", "by_waiting"]
T = TypeVar("T")

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
_INDEX_KEY = {"by_state": "state_key", "by_waiting": "waiting_key"}


class Page(msgspec.Struct, Generic[T]):
    items: list[T]
    next_cursor: Cursor


class Place(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    sk: str
    index_key: str = ""


def query(
    workspace_id: str,
    kind: type[E],
    prefix: str,
    limit: int = DEFAULT_LIMIT,
    cursor: Cursor = None,
    *,
    index: Index | None = None,
    newest_first: bool = False,
    room: Room | None = None,
) -> Page[E]:
    """At most `limit` of the items whose key in `index` (or sort key) begins with `prefix`, in key order.

    `room` is that of an answer to which this adds; it must not be full.
    """
    range_key = getattr(WorkspaceItem, _INDEX_KEY[index] if index else "sk")
    source = getattr(WorkspaceItem, index) if index else WorkspaceItem
    rows: list[WorkspaceItem] = []
    next_cursor: Cursor = None
    room = room or Room()
    for row in source.query(
        workspace_id,
        range_key.startswith(prefix),
        consistent_read=True,
        scan_index_forward=not newest_first,
        limit=limit + 1,
        page_size=limit + 1,
        last_evaluated_key=_start(workspace_id, prefix, cursor, index),
    ):
        if len(rows) == limit or not room.takes(row.body):
            next_cursor = _encode(rows[-1], index)
            break
        rows.append(row)
    entities = [entity for row in rows if (entity := entity_of(row, kind)) is not None]
    return Page(entities, next_cursor)


def start_after(sk: str, index_key: str = "") -> Cursor:
    """The cursor for what follows the item with this sort key (and index key), which need not exist."""
    return _text(Place(sk, index_key))


def _encode(row: WorkspaceItem, index: Index | None) -> str:
    return _text(Place(row.sk, getattr(row, _INDEX_KEY[index]) if index else ""))


def _text(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _start(workspace_id: str, prefix: str, cursor: Cursor, index: Index | None) -> dict[str, dict[str, str]] | None:
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = decode(base64.b64decode(padded, altchars=b"-_", validate=True), Place)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _unusable() from error
    if not (place.index_key if index else place.sk).startswith(prefix) or bool(place.index_key) != bool(index):
        raise _unusable()
    key = {"workspace_id": {"S": workspace_id}, "sk": {"S": place.sk}}
    if index:
        key[_INDEX_KEY[index]] = {"S": place.index_key}
    return key


def _unusable() -> ValidationFailed:
    return ValidationFailed(("cursor", "is not a cursor of this list; leave it out to begin at the start"))
