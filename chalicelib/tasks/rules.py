"""What may happen to a task, and by whom; its thread is in `replies`.

Every function here is one unit of work: the task, its records, the inbox entries and the event are written together.
"""

from __future__ import annotations

import msgspec

from chalicelib.attachments import rules as attachments
from chalicelib.attachments.model import GivenList, Id
from chalicelib.inbox import acknowledging
from chalicelib.inbox import rules as inbox
from chalicelib.kernel import clock, quotas
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import VersionConflict
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.text import line, long
from chalicelib.kernel.unit import Unit, run
from chalicelib.tasks import changes, delivery, subtasks
from chalicelib.tasks.model import Assignee, Body, Position, Status, StoredTask, Task, Title


class NewTask(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    title: Title
    body: Body = ""
    assignee: Assignee = "agent"
    parent_id: Id | None = None
    attachments: GivenList = []


class TaskChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is left out stays. `version`, if given, must still be the task's."""

    title: Title | msgspec.UnsetType = msgspec.UNSET
    body: Body | msgspec.UnsetType = msgspec.UNSET
    status: Status | msgspec.UnsetType = msgspec.UNSET
    assignee: Assignee | msgspec.UnsetType = msgspec.UNSET
    position: Position | msgspec.UnsetType = msgspec.UNSET
    version: int | None = None


def create(scope: Scope, new: NewTask) -> Task:
    title, body = line("title", new.title), long("body", new.body)
    prepared = attachments.prepare(scope, new.attachments)
    task_id = new_id()

    def command(unit: Unit) -> Task:
        quotas.check_tasks(unit.head)
        if new.parent_id is not None:
            unit.get(StoredTask, new.parent_id)
        now = clock.now()
        attached = attachments.attach(unit, prepared, task_id)
        task = StoredTask(
            workspace_id=scope.workspace_id,
            id=task_id,
            title=title,
            body=body,
            status="notstarted",
            assignee=new.assignee,
            created_by=scope.actor,
            parent_id=new.parent_id,
            position=float(unit.next_seq),
            created_at=now,
            updated_at=now,
            unread=0 if scope.is_person else 1,
            attachments=attached,
            attachment_bytes=attachments.total(attached),
        )
        notify = [changes.offer(unit, task)] if task.assignee == "agent" else []
        return changes.write(unit, "task.created", None, task, notify)

    reads = [*prepared.reads(), inbox.offer_key(task_id)]
    if new.parent_id is not None:
        reads.append(StoredTask.key(new.parent_id))
    return run(scope, Task, command, reads=reads)


def edit(scope: Scope, task_id: str, wanted: TaskChanges) -> Task:
    """Change what `wanted` names: its text, its place, who does it, its status."""

    def command(unit: Unit) -> Task:
        task = unit.get(StoredTask, task_id)
        before = msgspec.structs.replace(task)
        _check_version(task, wanted.version)
        notify: list[str] = []
        if wanted.title is not msgspec.UNSET:
            task.title = line("title", wanted.title)
        if wanted.body is not msgspec.UNSET:
            task.body = long("body", wanted.body)
        if wanted.assignee is not msgspec.UNSET and wanted.assignee != task.assignee:
            notify += changes.reassign(unit, task, wanted.assignee)
        if wanted.status is not msgspec.UNSET and wanted.status != task.status:
            notify += changes.move(unit, task, wanted.status)
        if wanted.position is not msgspec.UNSET:
            task.position = wanted.position
        if task == before:
            return public(task, Task)
        event = "task.updated" if before.status == task.status else "status.updated"
        return changes.write(unit, event, before, task, notify)

    return run(scope, Task, command, reads=changes.reads_of(task_id))


def set_status(scope: Scope, task_id: str, status: Status) -> Task:
    told = acknowledging.about(scope, task_id, delivery.known_to(scope))

    def command(unit: Unit) -> Task:
        task = unit.get(StoredTask, task_id)
        if task.status == status:
            return public(task, Task)
        before = msgspec.structs.replace(task)
        notify = changes.move(unit, task, status)
        acknowledging.acknowledge_all(unit, told)
        delivery.act(unit, task, told)
        return changes.write(unit, "status.updated", before, task, notify)

    return run(scope, Task, command, reads=[*changes.reads_of(task_id), *(entry.sort_key() for entry in told)])


def delete(scope: Scope, task_id: str) -> None:
    """Final. Its thread goes too, in the background; nothing of it can be read from now on. Sub-tasks stay."""

    def command(unit: Unit) -> None:
        task = unit.get(StoredTask, task_id)
        inbox.withdraw(unit, task_id)
        notify = changes.to_responsible(unit, task, "cancelled", f"[Task {task_id} deleted] {task.title}")
        changes.recount(unit, task, None)
        unit.head.usage.attachment_bytes -= task.attachment_bytes
        subtasks.unlink(unit, task)
        unit.remove(task)
        unit.emit("task.deleted", notify=notify, task={"id": task_id, "attachments": task.attachments})

    run(scope, type(None), command, reads=changes.reads_of(task_id))


def mark_read(scope: Scope, task_id: str) -> Task:
    def command(unit: Unit) -> Task:
        task = unit.get(StoredTask, task_id)
        if task.unread == 0:
            return public(task, Task)
        before = msgspec.structs.replace(task)
        task.unread = 0
        return changes.write(unit, "task.updated", before, task, touch=False)

    return run(scope, Task, command, reads=[StoredTask.key(task_id)], while_archived=True)


def _check_version(task: StoredTask, version: int | None) -> None:
    if version is not None and version != task.version:
        raise VersionConflict(
            f"The task is at version {task.version}, not {version}. Look at it again, then repeat your change.",
            current=public(task, Task),
        )
