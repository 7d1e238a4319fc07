"""HTTP: the caller's workspaces, one workspace, and its archive."""

from __future__ import annotations

import msgspec

from chalicelib.kernel.entity import public
from chalicelib.kernel.head import Workspace
from chalicelib.kernel.http import Call, Listing, Nothing, Reply, Routes, requested_idempotency
from chalicelib.kernel.scope import heads_of
from chalicelib.workspaces import rules
from chalicelib.workspaces.rules import Confirmation, NewWorkspace, WorkspaceChanges

routes = Routes()
ONE = "/api/workspaces/{ws}"


class Workspaces(msgspec.Struct):
    """`seq` is each workspace's own, so there is none for the list."""

    items: list[Workspace]
    next_cursor: str | None = None
    seq: int | None = None


@routes.route("GET", "/api/workspaces", access="session", query=Listing, answer=Workspaces)
def workspaces(call: Call[Nothing, Listing]) -> Workspaces:
    """The caller's workspaces, the oldest first."""
    return _own(call)


@routes.route("GET", "/api/overview", access="session", query=Listing, answer=Workspaces)
def overview(call: Call[Nothing, Listing]) -> Workspaces:
    """The caller's workspaces side by side, read-only."""
    return _own(call)


@routes.route("POST", "/api/workspaces", access="session", body=NewWorkspace, answer=Workspace, status=201)
def create(call: Call[NewWorkspace, Nothing]) -> Workspace:
    """Create a workspace."""
    return rules.create(call.session, call.body, requested_idempotency(call.request))


@routes.route("GET", ONE, answer=Workspace)
def workspace(call: Call[Nothing, Nothing]) -> Workspace:
    """One workspace."""
    return public(call.scope.head, Workspace)


@routes.route("PATCH", ONE, body=WorkspaceChanges, answer=Workspace)
def edit(call: Call[WorkspaceChanges, Nothing]) -> Workspace:
    """Rename it, or change its mission."""
    return rules.edit(call.scope, call.body)


@routes.route("DELETE", ONE, body=Confirmation, status=204)
def delete(call: Call[Confirmation, Nothing]) -> Reply:
    """Delete it, finally, with everything in it."""
    rules.delete(call.scope, call.body)
    return Reply(204)


@routes.route("PUT", ONE + "/archive", answer=Workspace)
def archive(call: Call[Nothing, Nothing]) -> Workspace:
    """Make it read-only."""
    return rules.archive(call.scope)


@routes.route("DELETE", ONE + "/archive", answer=Workspace)
def restore(call: Call[Nothing, Nothing]) -> Workspace:
    """Make it writable again."""
    return rules.restore(call.scope)


def _own(call: Call[Nothing, Listing]) -> Workspaces:
    """CROSS-WORKSPACE BY DESIGN: a person sees their own workspaces side by side; it only reads."""
    page = heads_of(call.session.person_id, call.query.limit, call.query.cursor or "")
    return Workspaces([public(head, Workspace) for head in page.items], page.next_cursor)
