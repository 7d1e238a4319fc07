"""What changed in a task, by whom and when: one record for each change, written in the transaction of the change.

Moves on the board, read marks and what a thread says have no record here: they change nothing that this keeps, or
have records of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.kernel import clock
from chalicelib.kernel.pages import DEFAULT_LIMIT, Cursor, Page
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit
from chalicelib.tasks.model import Activity, ActivityKind, StoredTask

Change = tuple[ActivityKind, str | None, str | None]


def record(unit: Unit, before: StoredTask, after: StoredTask) -> list[Activity]:
    """Write down what makes `after` differ from `before`. Call it before the event that tells of it."""
    changes = list(_changes(before, after))
    ids = sorted(unit.new_ordered_id() for _ in changes)
    return [
        unit.put(
            Activity(
                workspace_id=after.workspace_id,
                id=id,
                task_id=after.id,
                at=clock.now(),
                actor=unit.scope.actor,
                kind=kind,
                before=old,
                after=new,
            )
        )
        for id, (kind, old, new) in zip(ids, changes, strict=True)
    ]


def activities(scope: Scope, task_id: str, limit: int = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Activity]:
    """The oldest first."""
    return scope.list(Activity, Activity.key(task_id, ""), limit, cursor)


def _changes(before: StoredTask, after: StoredTask) -> Iterator[Change]:
    """In the order in which they are told: who has the task comes before what became of it."""
    if before.title != after.title:
        yield "title", before.title, after.title
    if before.body != after.body:
        yield "body", None, None
    if before.assignee != after.assignee:
        yield "assignee", before.assignee, after.assignee
    had, has = before.agent, after.agent
    if has is None and had is not None:
        yield "release", had.name, None
    if has is not None and (had is None or had.id != has.id):
        yield "claim", had.name if had else None, has.name
    if before.status != after.status:
        yield "status", before.status, after.status
