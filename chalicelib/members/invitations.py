"""Inviting people by their e-mail address.

invite ──► a link with a secret, shown once ──► whoever opens it is signed in with that very address ──► member
An invitation is open exactly as long as its item is there; with it go the route from its secret, and the entry by
which its address may sign in. The route of one that was accepted stays to its end, for whoever accepted it: a repeat
finds what the first time did.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from chalicelib.kernel import clock, directory, emails, roles
from chalicelib.kernel.directory import Due, InvitationRoute, Role, Session
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import AlreadyInvited, AlreadyMember, Forbidden, QuotaExceeded, ValidationFailed
from chalicelib.kernel.head import Workspace
from chalicelib.kernel.ids import new_id, random_base62
from chalicelib.kernel.pages import Cursor, Page
from chalicelib.kernel.scope import Scope, for_invited, for_session, for_system
from chalicelib.kernel.settings import settings
from chalicelib.kernel.text import line
from chalicelib.kernel.unit import Unit, run
from chalicelib.members.model import (
    MOST_PEOPLE,
    Invitation,
    Invited,
    Member,
    NewInvitation,
    Place,
    Preview,
    StoredInvitation,
)
from chalicelib.members.rules import enter, everybody

SECRET_LENGTH = 30
ONLY_LOCAL = (
    "Nobody else could sign in: this server offers local sign-in only. "
    "Whoever runs it can set HANDRAIL_OIDC_CLIENT_ID and the settings beside it."
)


class Opening(NamedTuple):
    stored: StoredInvitation
    link: str


def invitations(scope: Scope, limit: int, cursor: Cursor) -> Page[Invitation]:
    page = scope.list(StoredInvitation, StoredInvitation.key(""), limit, cursor, newest_first=True)
    return Page([public(one, Invitation) for one in page.items], page.next_cursor)


def invite(scope: Scope, new: NewInvitation) -> Invited:
    if not settings().oidc_client_id:
        raise Forbidden(ONLY_LOCAL)
    email = _checked(new.email)
    stored, link = _made(scope, email, new.role)

    def command(unit: Unit) -> Invitation:
        roles.check(unit.role, "invite somebody")
        _check_room(unit.scope, email)
        return open_in(unit, stored)

    answered = run(scope, Invitation, command)
    return Invited(answered, link if answered.id == stored.id else None)


def of_owner(scope: Scope, email: str) -> Opening:
    """For whoever runs the program: what makes the person with this address an owner, once they accept it."""
    return Opening(*_made(scope, _checked(email), "owner"))


def open_in(unit: Unit, stored: StoredInvitation) -> Invitation:
    unit.put(stored)
    _open(unit, stored)
    invitation = public(stored, Invitation)
    unit.emit("member.invited", invitation=invitation)
    return invitation


def revoke(scope: Scope, invitation_id: str) -> None:
    def command(unit: Unit) -> None:
        roles.check(unit.role, "revoke an invitation")
        _end(unit, unit.get(StoredInvitation, invitation_id), "invitation.revoked")

    run(scope, type(None), command, reads=[StoredInvitation.key(invitation_id)], while_archived=True)


def expire(due: Due) -> bool:
    """End an invitation whose time is over; whether it was open until now. Safe to repeat."""
    scope = for_system(due.workspace_id)

    def command(unit: Unit) -> bool:
        stored = unit.find(StoredInvitation, due.id)
        if stored is None:
            return False
        _end(unit, stored, "invitation.expired")
        return True

    reads = [StoredInvitation.key(due.id)]
    ended = scope is not None and run(scope, bool, command, reads=reads, while_archived=True)
    directory.remove(directory.due_key(due))
    return ended


def preview(session: Session, secret: str) -> Preview:
    """What the caller is invited to by `secret`."""
    scope, route = for_invited(session, secret)
    stored = scope.get(StoredInvitation, route.invitation_id)
    return Preview(Place(scope.workspace_id, scope.head.name), stored.role, stored.invited_by, stored.expires_at)


def accept(session: Session, secret: str) -> Workspace:
    """Make the caller a member of what `secret` invites them to."""
    scope, route = for_invited(session, secret)
    if route.accepted_by:
        return public(for_session(session.id, session.person_id, scope.workspace_id).head, Workspace)

    def command(unit: Unit) -> Workspace:
        stored = unit.get(StoredInvitation, route.invitation_id)
        if unit.find(Member, session.person_id) is not None:
            _end(unit, stored, "invitation.revoked")
            return public(unit.head, Workspace)
        member = enter(unit, scope.actor, session.email, stored.role, stored.invited_by)
        _close(unit, stored)
        _enter_route(unit, stored, accepted_by=session.person_id)
        unit.emit("member.joined", member=member, invitation=public(stored, Invitation))
        return public(unit.head, Workspace)

    reads = [StoredInvitation.key(route.invitation_id), Member.key(session.person_id)]
    return run(scope, Workspace, command, reads=reads)


def _checked(email: str) -> str:
    email = line("email", email)
    if not emails.is_email(email):
        raise ValidationFailed(("email", "is not an e-mail address"))
    return email


def _made(scope: Scope, email: str, role: Role) -> tuple[StoredInvitation, str]:
    """An invitation that is not open yet, and its link."""
    secret = random_base62(SECRET_LENGTH)
    now = clock.now()
    stored = StoredInvitation(
        workspace_id=scope.workspace_id,
        id=new_id(),
        email=email,
        role=role,
        created_at=now,
        invited_by=scope.actor,
        expires_at=now + timedelta(seconds=settings().invitation_lifetime),
        route=directory.digest(secret),
    )
    return stored, f"{settings().address}/invitations#{secret}"


def _check_room(scope: Scope, email: str) -> None:
    people = everybody(scope)
    invited = scope.list(StoredInvitation, StoredInvitation.key(""), MOST_PEOPLE).items
    wanted = emails.plain(email)
    if any(emails.plain(one.email) == wanted for one in people):
        raise AlreadyMember()
    if any(emails.plain(one.email) == wanted for one in invited):
        raise AlreadyInvited()
    if len(people) + len(invited) >= MOST_PEOPLE:
        message = f"A workspace has room for {MOST_PEOPLE} people. Remove somebody, or revoke an invitation."
        raise QuotaExceeded(message, quota="people", limit=MOST_PEOPLE)


def _open(unit: Unit, stored: StoredInvitation) -> None:
    _enter_route(unit, stored)
    entry = directory.Invited(stored.workspace_id)
    unit.enter(directory.record(directory.invited_key(stored.email, stored.id), entry, stored.expires_at))
    due = _due(stored)
    unit.enter(directory.record(directory.due_key(due), due))


def _close(unit: Unit, stored: StoredInvitation) -> None:
    unit.remove(stored)
    unit.leave(directory.invited_key(stored.email, stored.id))
    unit.leave(directory.due_key(_due(stored)))


def _end(unit: Unit, stored: StoredInvitation, event: str) -> None:
    _close(unit, stored)
    unit.leave(directory.invitation_key(stored.route))
    unit.emit(event, invitation=public(stored, Invitation))


def _enter_route(unit: Unit, stored: StoredInvitation, accepted_by: str = "") -> None:
    route = InvitationRoute(stored.workspace_id, stored.id, stored.email, stored.expires_at, accepted_by)
    unit.enter(directory.record(directory.invitation_key(stored.route), route, stored.expires_at))


def _due(stored: StoredInvitation) -> Due:
    return Due("invitation_expiry", stored.expires_at, stored.workspace_id, stored.id)
