"""A workspace from its creation to its purge.

Deleting is final at once: the head says so, and every way in looks at the head. What is left is removed in the
background, a bounded amount at a time, with the head last, so that a purge that was interrupted goes on.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.kernel import clock, directory, store
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.directory import Due, Membership, Session
from chalicelib.kernel.entity import Actor, public
from chalicelib.kernel.errors import ValidationFailed, VersionConflict
from chalicelib.kernel.head import HEAD, Counts, Head, Workspace
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.scope import Idempotency, Scope, for_new, for_system
from chalicelib.kernel.text import line, long
from chalicelib.kernel.unit import Unit, run

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
        owner=session.person_id,
        unread={},
        acknowledged={},
    )
    scope = for_new(head, Actor("person", session.person_id, session.name), session.id)
    member = Membership(workspace_id, "owner", now)

    def command(unit: Unit) -> Workspace:
        unit.head.version = 1
        unit.enter(directory.record(directory.membership_key(session.person_id, workspace_id), member))
        return _tell(unit, "workspace.created")

    return run(scope.with_idempotency(idempotency), Workspace, command)


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
        if unit.head.archived_at is None:
            unit.head.archived_at = clock.now()
            unit.head.version += 1
            return _tell(unit, "workspace.archived")
        return public(unit.head, Workspace)

    return run(scope, Workspace, command, while_archived=True)


def restore(scope: Scope) -> Workspace:
    def command(unit: Unit) -> Workspace:
        if unit.head.archived_at is not None:
            unit.head.archived_at = None
            unit.head.version += 1
            return _tell(unit, "workspace.restored")
        return public(unit.head, Workspace)

    return run(scope, Workspace, command, while_archived=True)


def delete(scope: Scope, confirmation: Confirmation) -> None:
    def command(unit: Unit) -> None:
        head = unit.head
        if confirmation.confirm != head.name:
            raise ValidationFailed(("confirm", f"must be the workspace's name, {head.name!r}, to delete it"))
        head.deleted_at = clock.now()
        head.version += 1
        unit.leave(directory.membership_key(head.owner, head.id))
        due = Due("purge", head.deleted_at, head.id, head.id)
        unit.enter(directory.record(directory.due_key(due), due))
        unit.emit("workspace.deleted", workspace={"id": head.id})

    run(scope, type(None), command, while_archived=True)


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
    for item in rest:
        _forget_route(item)
    store.batch_write(gone=rest)
    return len(rest)


def _first_items(scope: Scope, limit: int) -> list[store.WorkspaceItem]:
    return list(store.WorkspaceItem.query(scope.workspace_id, limit=limit, consistent_read=True))


def _forget_route(item: store.WorkspaceItem) -> None:
    """A token's route lives in the directory, and dies with its token."""
    if item.sk.startswith("token#"):
        route = msgspec.json.decode(item.body).get("route")
        if route:
            directory.remove(directory.token_key(route))


def people_of(head: Head) -> list[str]:
    """Whom it concerns when something in the workspace waits for a person."""
    return [head.owner]


def _tell(unit: Unit, event: str) -> Workspace:
    unit.head.updated_at = clock.now()
    unit.head.seq += 1
    view = public(unit.head, Workspace)
    unit.head.seq -= 1
    unit.emit(event, workspace=view)
    return view
