"""HTTP: what waits for the caller, over all their workspaces."""

from __future__ import annotations

import msgspec

from chalicelib.inbox.reading import Waiting, waiting
from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.http import Call, Listing, Nothing, Routes
from chalicelib.kernel.scope import for_each

routes = Routes()


class Inbox(msgspec.Struct):
    """`seqs` says, by workspace, which event each part is true for."""

    items: list[Waiting]
    next_cursor: str | None
    seqs: dict[str, int]


@routes.route("GET", "/api/inbox", access="session", query=Listing, answer=Inbox)
def inbox(call: Call[Nothing, Listing]) -> Inbox:
    """Questions, permission requests and tasks that wait for the caller, the oldest first.

    CROSS-WORKSPACE BY DESIGN: a person decides in one place for all their workspaces; it only reads.
    """
    scopes = for_each(call.session)
    found = sorted((one for scope in scopes for one in waiting(scope)), key=lambda one: one.since)
    start = _start(call.query.cursor)
    page = found[start : start + call.query.limit]
    end = start + len(page)
    seqs = {scope.workspace_id: scope.head.seq for scope in scopes}
    return Inbox(page, str(end) if end < len(found) else None, seqs)


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 6:
        raise ValidationFailed(("cursor", "is not a cursor of this list; leave it out to begin at the start"))
    return int(cursor)
