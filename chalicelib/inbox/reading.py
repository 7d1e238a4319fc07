"""A person's inbox: what waits for them over all their workspaces, the oldest first."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from chalicelib.kernel.entity import public
from chalicelib.kernel.scope import Scope
from chalicelib.permissions.model import Permission, StoredPermission
from chalicelib.tasks.model import StoredTask, Task

MOST_PER_WORKSPACE = 200


class Place(msgspec.Struct):
    id: str
    name: str


class Waiting(msgspec.Struct, kw_only=True):
    """A permission comes with the task it is for, if there is one."""

    kind: Literal["task", "question", "permission"]
    workspace: Place
    since: datetime
    task: Task | None = None
    permission: Permission | None = None


def waiting(scope: Scope) -> list[Waiting]:
    """What waits in one workspace; nothing is read where the head counts none."""
    if scope.head.counts.waiting == 0:
        return []
    place = Place(scope.workspace_id, scope.head.name)
    tasks = scope.list(StoredTask, StoredTask.key(""), MOST_PER_WORKSPACE, index="by_waiting").items
    asked = scope.list(StoredPermission, StoredPermission.key(""), MOST_PER_WORKSPACE, index="by_waiting").items
    found = [
        Waiting(kind=own.kind, workspace=place, since=own.since, task=public(task, Task))
        for task in tasks
        if (own := task.own_waiting()) is not None
    ]
    wanted = sorted({one.task_id for one in asked if one.task_id is not None})
    known = {task.id: task for task in scope.find_all(StoredTask, [StoredTask.key(id) for id in wanted]) if task}
    for one in asked:
        task = known.get(one.task_id or "")
        found.append(
            Waiting(
                kind="permission",
                workspace=place,
                since=one.created_at,
                task=public(task, Task) if task else None,
                permission=public(one, Permission),
            )
        )
    return found
