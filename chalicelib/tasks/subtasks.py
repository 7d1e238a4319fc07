"""Which tasks belong to another one, in the order of their positions.

A link is written with a sub-task, follows its position, and is removed with it. Only a new task is given a parent,
and one that exists, so there is no circle. When a parent is deleted its links go, and its sub-tasks stay: they keep
their `parent_id`, which then names nothing, and are in lists what they always were, tasks of the workspace.
"""

from __future__ import annotations

from typing import ClassVar

from chalicelib.kernel.entity import Entity
from chalicelib.kernel.unit import Unit
from chalicelib.tasks.model import StoredTask, place


class SubTask(Entity, kw_only=True):
    """The link from a parent to a task; its id is the task's."""

    PREFIX: ClassVar[str] = "subtask"

    parent_id: str
    position: float

    def state_key(self) -> str:
        return self.key(self.parent_id, place(self.position), self.id)


def link(unit: Unit, before: StoredTask | None, task: StoredTask) -> None:
    """Keep the link of `task`, which was `before`, true."""
    if task.parent_id is None:
        return
    if before is None:
        unit.put(
            SubTask(
                workspace_id=task.workspace_id,
                id=task.id,
                parent_id=task.parent_id,
                position=task.position,
            )
        )
    elif before.position != task.position and (known := unit.find(SubTask, task.id)) is not None:
        known.position = task.position
        unit.put(known)


def unlink(unit: Unit, task: StoredTask) -> None:
    if task.parent_id is not None and (known := unit.find(SubTask, task.id)) is not None:
        unit.remove(known)
