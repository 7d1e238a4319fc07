"""A workspace from its creation to its purge.

Deleting is final at once: the head says so, and every way in looks at the head. What is left is removed in the
background, a bounded amount at a time, with the head last, so that a purge that was interrupted goes on.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.kernel import clock, directory, quotas, roles, store
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.directory import Due, Session
from chalicelib.kernel.entity import Actor, public
from chalicelib.kernel.errors import ValidationFailed, VersionConflict
from chalicelib.kernel.head import HEAD, Counts, Head, Workspace
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.scope import Idempotency, Scope, for_new, for_system
from chalicelib.kernel.text import line, long
from chalicelib.kernel.unit import Unit, run
from chalicelib.members.rules import enter

PURGE_BATCH = 500

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Mission = Annotated[str, msgspec.Meta(max_length=4_000)]


class NewWorkspace(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Name
    mission: Mission = ""


class WorkspaceChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Name | msgspec.UnsetType = msgspec.UNSET
    mission: Mission | msgspec.UnsetType = msgspec.UNSET
    version: int | None = None


class Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """`confirm` is the workspace's name, typed by the person who deletes it."""

    confirm: str


def create(session: Session, new: NewWorkspace, idempotency: Idempotency | None) -> Workspace:
    now = clock.now()
    head = Head(
        workspace_id=(workspace_id := new_id()),
        id=workspace_id,
        name=line("name", new.name),
        mission=long("mission", new.mission),
        created_at=now,
        updated_at=now,
        changed_at=now,
        counts=Counts(),
        unread={},
        acknowledged={},
        made_by=session.person_id,
    )
    scope = for_new(head, Actor("person", session.person_id, session.name), session.id)

    def command(unit: Unit) -> Workspace:
        unit.head.version = 1
        quotas.count_workspace(unit, session.person_id, 1)
        member = enter(unit, scope.actor, session.email, "owner", None)
        return _tell(unit, "workspace.created", member=member)

    entries = [quotas.made_key(session.person_id)]
    return run(scope.with_idempotency(idempotency), Workspace, command, entries=entries)


def edit(scope: Scope, changes: WorkspaceChanges) -> Workspace:
    def command(unit: Unit) -> Workspace:
        head = unit.head
        if changes.version is not None and changes.version != head.version:
            raise VersionConflict(
                f"The workspace is at version {head.version}, not {changes.version}. Look again, then repeat.",
                current=public(head, Workspace),
            )
        name = line("name", changes.name) if changes.name is not msgspec.UNSET else head.name
        mission = long("mission", changes.mission) if changes.mission is not msgspec.UNSET else head.mission
        if (name, mission) == (head.name, head.mission):
            return public(head, Workspace)
        head.name, head.mission = name, mission
        head.version += 1
        return _tell(unit, "workspace.updated")

    return run(scope, Workspace, command)


def archive(scope: Scope) -> Workspace:
    """From now on read-only, for people and agents."""

    def command(unit: Unit) -> Workspace:
        roles.check(unit.role, "archive it")
        if unit.head.archived_at is None:
            unit.head.archived_at = clock.now()
            unit.head.version += 1
            return _tell(unit, "workspace.archived")
        return public(unit.head, Workspace)

    return run(scope, Workspace, command, while_archived=True)


def restore(scope: Scope) -> Workspace:
    def command(unit: Unit) -> Workspace:
        roles.check(unit.role, "restore it")
        if unit.head.archived_at is not None:
            unit.head.archived_at = None
            unit.head.version += 1
            return _tell(unit, "workspace.restored")
        return public(unit.head, Workspace)

    return run(scope, Workspace, command, while_archived=True)


def delete(scope: Scope, confirmation: Confirmation) -> None:
    def command(unit: Unit) -> None:
        head = unit.head
        roles.check(unit.role, "delete it")
        if confirmation.confirm != head.name:
            raise ValidationFailed(("confirm", f"must be the workspace's name, {head.name!r}, to delete it"))
        head.deleted_at = clock.now()
        head.version += 1
        unit.leave(directory.membership_key(scope.actor.id, head.id))
        quotas.count_workspace(unit, head.made_by, -1)
        due = Due("purge", head.deleted_at, head.id, head.id)
        unit.enter(directory.record(directory.due_key(due), due))
        unit.emit("workspace.deleted", workspace={"id": head.id})

    entries = [quotas.made_key(scope.head.made_by)]
    run(scope, type(None), command, entries=entries, while_archived=True)


def purge(due: Due) -> int:
    """Remove one batch of a deleted workspace's items, then of its files, then its head; returns how many.

    The due entry goes when none is left.
    """
    scope = for_system(due.workspace_id, deleted=True)
    if scope is None or scope.head.deleted_at is None:
        directory.remove(directory.due_key(due))
        return 0
    with scope.within():
        return _purge_some(scope)


def _purge_some(scope: Scope) -> int:
    items = _first_items(scope, PURGE_BATCH + 1)
    rest = [item for item in items if item.sk != HEAD][:PURGE_BATCH]
    if not rest:
        if removed := blobs().delete_some(scope.workspace_id):
            return removed
        rest = items
    directory.write_all([], [key for item in rest for key in _entries_of(item)])
    store.batch_write(gone=rest)
    return len(rest)


def _first_items(scope: Scope, limit: int) -> list[store.WorkspaceItem]:
    return list(store.WorkspaceItem.query(scope.workspace_id, limit=limit, consistent_read=True))


def _entries_of(item: store.WorkspaceItem) -> list[store.Key]:
    """What an item has in the directory goes with it."""
    kind = item.sk.partition("#")[0]
    if kind not in {"token", "member", "invitation"}:
        return []
    stored = msgspec.json.decode(item.body)
    if kind == "token":
        return [directory.token_key(stored["route"])]
    if kind == "member":
        return [directory.membership_key(stored["person_id"], item.workspace_id)]
    return [directory.invitation_key(stored["route"]), directory.invited_key(stored["email"], stored["id"])]


def _tell(unit: Unit, event: str, **entities: object) -> Workspace:
    unit.head.updated_at = clock.now()
    unit.head.seq += 1
    view = public(unit.head, Workspace)
    unit.head.seq -= 1
    unit.emit(event, notify=(), workspace=view, **entities)
    return view
