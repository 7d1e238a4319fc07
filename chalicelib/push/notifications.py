"""What a notification says: one per thing that waits, known by its `tag`, so that a newer one replaces it.

    permission   "laptop asks to use Bash · my-project"       the input
    question     "laptop waits for your answer · my-project"  the task's title, and what was asked
    task         "laptop gave you a task · my-project"        the task's title, and its text or the newest message

The tag is the key of the item in the dashboard's inbox. All of it fits into one encrypted push message.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from chalicelib.kernel.entity import Actor
from chalicelib.kernel.scope import Scope
from chalicelib.permissions.model import StoredPermission
from chalicelib.push import wording
from chalicelib.tasks.model import Preview, StoredTask

Kind = Literal["permission", "question", "task"]
LARGEST_INPUT = 1_500
LARGEST_BODY = 1_900
LONGEST_NAME = 60


class Notification(msgspec.Struct, kw_only=True):
    """`complete`: title and body show all that the decision is about, so that it may be made right there."""

    kind: Kind
    tag: str
    title: str
    body: str
    url: str
    workspace_id: str
    task_id: str | None = None
    permission_id: str | None = None
    complete: bool = False
    waiting: int = 0

    @property
    def is_urgent(self) -> bool:
        """Whether an agent stands still until it is answered."""
        return self.kind != "task"


def about(scope: Scope, sort_key: str, by: Actor) -> Notification | None:
    """What to say of the thing that `by` let wait; None where it waits no longer."""
    if sort_key.startswith(StoredPermission.key("")):
        (permission,) = scope.find_all(StoredPermission, [sort_key])
        return _of_permission(scope, permission) if permission and permission.waiting_key() else None
    (task,) = scope.find_all(StoredTask, [sort_key])
    return _of_task(scope, task, by) if task and task.waiting_key() else None


def _of_permission(scope: Scope, permission: StoredPermission) -> Notification:
    names = (permission.agent.name, permission.tool_name, scope.head.name)
    who, tool, where = (wording.one_line(name, LONGEST_NAME) for name in names)
    body = wording.cut(permission.input, LARGEST_BODY)
    return Notification(
        kind="permission",
        tag=f"permission {permission.id}",
        title=f"{who} asks to use {tool} · {where}",
        body=body,
        url=_address(scope, permission.task_id),
        workspace_id=scope.workspace_id,
        task_id=permission.task_id,
        permission_id=permission.id,
        complete=(
            (who, tool, where, body) == (*names, permission.input)
            and len(body.encode()) <= LARGEST_INPUT
            and all(map(wording.is_plain, (*names, body)))
        ),
    )


def _of_task(scope: Scope, task: StoredTask, by: Actor) -> Notification:
    last = task.last_message
    own = task.own_waiting()
    kind: Kind = "question" if own is not None and own.kind == "question" else "task"
    said = _said(last) if last is not None and last.sender.kind != "person" else ""
    act = {"question": "waits for your answer", "task": "wrote to you" if said else "gave you a task"}[kind]
    who, where = (wording.one_line(name, LONGEST_NAME) for name in (by.name, scope.head.name))
    text = said or task.body
    return Notification(
        kind=kind,
        tag=f"task {task.id}",
        title=f"{who} {act} · {where}",
        body=wording.cut(f"{task.title}\n{text}".strip(), LARGEST_BODY),
        url=_address(scope, task.id),
        workspace_id=scope.workspace_id,
        task_id=task.id,
    )


def _said(last: Preview) -> str:
    return last.text if last.text.strip() else "1 file" if last.files == 1 else f"{last.files} files"


def _address(scope: Scope, task_id: str | None) -> str:
    """The dashboard's page of the task; where there is none, all that waits."""
    return f"/w/{scope.workspace_id}/t/{task_id}" if task_id else "/"
