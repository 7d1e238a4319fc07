"""HTTP: the members of a workspace, its invitations, and answering one."""

from __future__ import annotations

import msgspec

from chalicelib.kernel.head import Workspace
from chalicelib.kernel.http import Call, Listing, Nothing, Reply, Routes
from chalicelib.members import invitations, rules
from chalicelib.members.model import Invitation, Invited, Member, NewInvitation, Preview, RoleChange, Secret

routes = Routes()
MEMBERS = "/api/workspaces/{ws}/members"
INVITATIONS = "/api/workspaces/{ws}/invitations"


class Members(msgspec.Struct):
    items: list[Member]
    next_cursor: str | None
    seq: int


class Invitations(msgspec.Struct):
    items: list[Invitation]
    next_cursor: str | None
    seq: int


@routes.route("GET", MEMBERS, query=Listing, answer=Members)
def members(call: Call[Nothing, Listing]) -> Members:
    """The people of the workspace."""
    page = rules.members(call.scope, call.query.limit, call.query.cursor)
    return Members(page.items, page.next_cursor, call.scope.head.seq)


@routes.route("PATCH", MEMBERS + "/{person_id}", body=RoleChange, answer=Member)
def change_role(call: Call[RoleChange, Nothing]) -> Member:
    """Make somebody an owner, or a member; for owners."""
    return rules.change_role(call.scope, call.path["person_id"], call.body)


@routes.route("DELETE", MEMBERS + "/{person_id}", status=204)
def remove(call: Call[Nothing, Nothing]) -> Reply:
    """Leave, or remove somebody (for owners). The tokens that they made stop working."""
    rules.remove(call.scope, call.path["person_id"])
    return Reply(204)


@routes.route("GET", INVITATIONS, query=Listing, answer=Invitations)
def open_invitations(call: Call[Nothing, Listing]) -> Invitations:
    """Who is invited, the newest first."""
    page = invitations.invitations(call.scope, call.query.limit, call.query.cursor)
    return Invitations(page.items, page.next_cursor, call.scope.head.seq)


@routes.route("POST", INVITATIONS, body=NewInvitation, answer=Invited, status=201)
def invite(call: Call[NewInvitation, Nothing]) -> Invited:
    """Invite an e-mail address; for owners. This answer is the only place where the link ever stands."""
    return invitations.invite(call.scope, call.body)


@routes.route("DELETE", INVITATIONS + "/{invitation_id}", status=204)
def revoke(call: Call[Nothing, Nothing]) -> Reply:
    """Revoke an invitation, for owners: its link opens nothing any more."""
    invitations.revoke(call.scope, call.path["invitation_id"])
    return Reply(204)


@routes.route("POST", "/api/invitations/preview", access="session", body=Secret, answer=Preview)
def preview(call: Call[Secret, Nothing]) -> Preview:
    """What the caller is invited to. Of somebody else's invitation this says no more than of none."""
    return invitations.preview(call.session, call.body.secret)


@routes.route("POST", "/api/invitations/acceptance", access="session", body=Secret, answer=Workspace, status=201)
def accept(call: Call[Secret, Nothing]) -> Workspace:
    """Become a member. The caller's own verified address has to be the invited one. Safe to repeat."""
    return invitations.accept(call.session, call.body.secret)
