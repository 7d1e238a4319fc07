"""Who belongs to a workspace. Leaving and removal take effect at the next request; `roles` says who may do what."""

from __future__ import annotations

from chalicelib.kernel import clock, directory, roles
from chalicelib.kernel.directory import Membership
from chalicelib.kernel.entity import Actor
from chalicelib.kernel.errors import LastOwner, VersionConflict
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.pages import Cursor, Page
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit, run
from chalicelib.members.model import MOST_PEOPLE, Member, RoleChange


def members(scope: Scope, limit: int, cursor: Cursor) -> Page[Member]:
    return scope.list(Member, Member.key(""), limit, cursor)


def everybody(scope: Scope) -> list[Member]:
    return scope.list(Member, Member.key(""), MOST_PEOPLE).items


def people_of(scope: Scope) -> list[str]:
    """Whom it concerns when something in the workspace waits for a person."""
    return [member.person_id for member in everybody(scope)]


def enter(unit: Unit, person: Actor, email: str, role: directory.Role, invited_by: Actor | None) -> Member:
    """Let `person` in: the only place where somebody becomes a member."""
    now = clock.now()
    member = Member(
        workspace_id=unit.scope.workspace_id,
        id=new_id(),
        person_id=person.id,
        email=email,
        name=person.name,
        role=role,
        joined_at=now,
        invited_by=invited_by,
    )
    unit.put(member)
    _admit(unit, member)
    return member


def change_role(scope: Scope, person_id: str, change: RoleChange) -> Member:
    def command(unit: Unit) -> Member:
        roles.check(unit.role, "change what somebody may do")
        member = unit.get(Member, person_id)
        if change.version is not None and change.version != member.version:
            raise VersionConflict(
                f"The member is at version {member.version}, not {change.version}. Look again, then repeat.",
                current=member,
            )
        if change.role == member.role:
            return member
        _keep_an_owner(unit, member)
        member.role = change.role
        unit.put(member)
        _admit(unit, member)
        unit.emit("member.updated", member=member)
        return member

    return run(scope, Member, command, reads=[Member.key(person_id)], while_archived=True)


def remove(scope: Scope, person_id: str) -> None:
    """Remove somebody, or leave."""

    def command(unit: Unit) -> None:
        if person_id != scope.actor.id:
            roles.check(unit.role, "remove somebody else")
        member = unit.get(Member, person_id)
        _keep_an_owner(unit, member)
        unit.remove(member)
        unit.leave(directory.membership_key(person_id, scope.workspace_id))
        unit.emit("member.removed", member=member)

    run(scope, type(None), command, reads=[Member.key(person_id)], while_archived=True)


def _admit(unit: Unit, member: Member) -> None:
    entry = Membership(member.workspace_id, member.role, member.joined_at, member.invited_by is not None)
    unit.enter(directory.record(directory.membership_key(member.person_id, member.workspace_id), entry))


def _keep_an_owner(unit: Unit, member: Member) -> None:
    others = [one for one in everybody(unit.scope) if one.person_id != member.person_id]
    if member.role == "owner" and not any(one.role == "owner" for one in others):
        raise LastOwner()
