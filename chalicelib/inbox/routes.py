"""HTTP: what waits for the caller, over all their workspaces."""

from __future__ import annotations

import msgspec

from chalicelib.inbox.reading import Waiting, page
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
    found = page(scopes, call.query.limit, call.query.cursor)
    return Inbox(found.items, found.next_cursor, {scope.workspace_id: scope.head.seq for scope in scopes})
