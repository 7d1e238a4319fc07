"""What may happen to a task, by whom, and who hears of it.

Every function here is one unit of work: the task, its thread, the inbox entries and the event are written together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from chalicelib.attachments import rules as attachments
from chalicelib.attachments.model import GivenList, Id
from chalicelib.inbox import rules as inbox
from chalicelib.kernel import clock
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import Claimed, VersionConflict
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.text import line, long
from chalicelib.kernel.unit import Unit, run
from chalicelib.tasks import status as statuses
from chalicelib.tasks.model import (
    Agent,
    Assignee,
    Body,
    Message,
    MessageText,
    Position,
    Status,
    StoredTask,
    Task,
    Title,
    Waiting,
)


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


class NewMessage(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    text: MessageText
    attachments: GivenList = []


def create(scope: Scope, new: NewTask) -> Task:
    title, body = line("title", new.title), long("body", new.body)
    prepared = attachments.prepare(scope, new.attachments)
    task_id = new_id()

    def command(unit: Unit) -> Task:
        if new.parent_id is not None:
            unit.get(StoredTask, new.parent_id)
        now = clock.now()
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
            attachments=attachments.attach(unit, prepared, task_id),
        )
        save(unit, None, task)
        notify = [inbox.offer(unit, task.id, _as_offer(task))] if task.assignee == "agent" else []
        return tell(unit, "task.created", task, notify)

    reads = [*prepared.reads(), inbox.offer_key(task_id)]
    if new.parent_id is not None:
        reads.append(StoredTask.key(new.parent_id))
    return run(scope, Task, command, reads=reads)


def edit(scope: Scope, task_id: str, changes: TaskChanges) -> Task:
    """Change what `changes` names: its text, its place, who does it, its status."""

    def command(unit: Unit) -> Task:
        task = unit.get(StoredTask, task_id)
        before = msgspec.structs.replace(task)
        _check_version(task, changes.version)
        notify: list[str] = []
        if changes.title is not msgspec.UNSET:
            task.title = line("title", changes.title)
        if changes.body is not msgspec.UNSET:
            task.body = long("body", changes.body)
        if changes.position is not msgspec.UNSET:
            task.position = changes.position
        if changes.assignee is not msgspec.UNSET and changes.assignee != task.assignee:
            notify += _reassign(unit, task, changes.assignee)
        if changes.status is not msgspec.UNSET and changes.status != task.status:
            notify += _move(unit, task, changes.status)
        if task == before:
            return public(task, Task)
        save(unit, before, task)
        event = "task.updated" if before.status == task.status else "status.updated"
        return tell(unit, event, task, notify)

    return run(scope, Task, command, reads=reads_of(task_id))


def set_status(scope: Scope, task_id: str, status: Status) -> Task:
    seen = inbox.about(scope, task_id)

    def command(unit: Unit) -> Task:
        task = unit.get(StoredTask, task_id)
        if task.status == status:
            return public(task, Task)
        before = msgspec.structs.replace(task)
        notify = _move(unit, task, status)
        inbox.acknowledge_all(unit, seen)
        save(unit, before, task)
        return tell(unit, "status.updated", task, notify)

    return run(scope, Task, command, reads=[*reads_of(task_id), *(entry.sort_key() for entry in seen)])


def delete(scope: Scope, task_id: str) -> None:
    """Final. Its thread goes too, in the background; nothing of it can be read from now on."""

    def command(unit: Unit) -> None:
        task = unit.get(StoredTask, task_id)
        inbox.withdraw(unit, task_id)
        notify = _to_responsible(unit, task, "cancelled", f"[Task {task_id} deleted] {task.title}")
        _recount(unit, task, None)
        unit.remove(task)
        unit.emit("task.deleted", notify=notify, task={"id": task_id, "attachments": task.attachments})

    run(scope, type(None), command, reads=reads_of(task_id))


def reply(scope: Scope, task_id: str, new: NewMessage) -> Message:
    """Write into the thread. An agent's reply starts a task that was not started; a person's reaches the agent."""
    text = long("text", new.text)
    prepared = attachments.prepare(scope, new.attachments)
    seen = inbox.about(scope, task_id)

    def command(unit: Unit) -> Message:
        task = unit.get(StoredTask, task_id)
        before = msgspec.structs.replace(task)
        message = Message(
            workspace_id=scope.workspace_id,
            id=unit.new_ordered_id(),
            task_id=task_id,
            sender=scope.actor,
            text=text,
            attachments=attachments.attach(unit, prepared, task_id),
            created_at=clock.now(),
        )
        task.last_message, task.messages = message.preview(), task.messages + 1
        notify = _hear_person(unit, task, message) if scope.is_person else _hear_agent(unit, task)
        inbox.acknowledge_all(unit, seen)
        unit.put(message)
        save(unit, before, task)
        unit.emit("reply.received", notify=notify, message=message, task=public(task, Task))
        return message

    reads = [*reads_of(task_id), *prepared.reads(), *(entry.sort_key() for entry in seen)]
    return run(scope, Message, command, reads=reads)


def mark_read(scope: Scope, task_id: str) -> Task:
    def command(unit: Unit) -> Task:
        task = unit.get(StoredTask, task_id)
        if task.unread == 0:
            return public(task, Task)
        before = msgspec.structs.replace(task)
        task.unread = 0
        save(unit, before, task, touch=False)
        return tell(unit, "task.updated", task, [])

    return run(scope, Task, command, reads=[StoredTask.key(task_id)], while_archived=True)


def ask(scope: Scope, task_id: str) -> Task:
    """An agent waits for a person's reply, so the task waits for a person."""

    def command(unit: Unit) -> Task:
        task = unit.get(StoredTask, task_id)
        if task.own_waiting() is not None or task.status not in {"notstarted", "ongoing", "blocked"}:
            return public(task, Task)
        before = msgspec.structs.replace(task)
        task.asked_at = clock.now()
        save(unit, before, task)
        return tell(unit, "task.updated", task, [])

    return run(scope, Task, command, reads=[StoredTask.key(task_id)])


def save(unit: Unit, before: StoredTask | None, task: StoredTask, *, touch: bool = True) -> None:
    """Write `task`, which was `before`, and keep the head's counts true."""
    if touch:
        task.updated_at = clock.now()
    if task.status not in {"notstarted", "ongoing", "blocked"}:
        task.asked_at = None
    own = task.own_waiting()
    task.waiting = Waiting(task.permission_at, "permission") if task.permission_at else own
    _recount(unit, before, task)
    unit.put(task)


def _recount(unit: Unit, before: StoredTask | None, after: StoredTask | None) -> None:
    counts = unit.head.counts
    for task, step in ((before, -1), (after, 1)):
        if task is not None:
            setattr(counts, task.status, getattr(counts, task.status) + step)
            counts.waiting += step * (task.own_waiting() is not None)


def tell(unit: Unit, event: str, task: StoredTask, notify: Sequence[str]) -> Task:
    """Emit `event` with the task as clients see it, which is also the answer."""
    view = public(task, Task)
    unit.emit(event, notify=notify, task=view)
    return view


def reads_of(task_id: str) -> list[str]:
    """The sort keys that a unit about this task needs: the task, and its offer to all agents."""
    return [StoredTask.key(task_id), inbox.offer_key(task_id)]


def _check_version(task: StoredTask, version: int | None) -> None:
    if version is not None and version != task.version:
        raise VersionConflict(
            f"The task is at version {task.version}, not {version}. Look at it again, then repeat your change.",
            current=public(task, Task),
        )


def _move(unit: Unit, task: StoredTask, status: Status) -> list[str]:
    scope = unit.scope
    statuses.check(task.status, status, person=scope.is_person)
    if not scope.is_person and task.is_held_by_another(scope.actor.id):
        raise Claimed("Another agent has this task. Call getNextTask for one that is free.")
    task.status = status
    if scope.credential == "token" and task.assignee == "agent":
        task.agent = Agent(scope.actor.id, scope.actor.name)
    task.claim_expires_at = None
    inbox.withdraw(unit, task.id)
    if not scope.is_person:
        return []
    kind: Literal["cancelled", "status"] = "cancelled" if status == "rejected" else "status"
    return _to_responsible(unit, task, kind, f"[Task {task.id} is now {status}] {task.title}")


def _reassign(unit: Unit, task: StoredTask, assignee: Assignee) -> list[str]:
    task.assignee = assignee
    if assignee == "human":
        inbox.withdraw(unit, task.id)
        notify = _to_responsible(unit, task, "status", f"[Task {task.id} was given to a person] {task.title}")
        task.agent, task.claim_expires_at = None, None
        return notify
    if task.status == "notstarted":
        return [inbox.offer(unit, task.id, _as_offer(task))]
    return _to_responsible(unit, task, "task", _as_offer(task))


def _hear_person(unit: Unit, task: StoredTask, message: Message) -> list[str]:
    task.unread, task.asked_at, task.answered = 0, None, message.id
    content = f"[Reply to task {task.id}] {message.text}"
    for one in message.attachments:
        content += f"\n(attachment {one.id}: {one.filename}, {one.size} bytes)"
    return _to_responsible(unit, task, "reply", content, message_id=message.id)


def _hear_agent(unit: Unit, task: StoredTask) -> list[str]:
    task.unread += 1
    if task.status == "notstarted" and task.assignee == "agent":
        _move(unit, task, "ongoing")
    return []


def _to_responsible(
    unit: Unit,
    task: StoredTask,
    kind: Literal["task", "reply", "status", "cancelled"],
    content: str,
    message_id: str | None = None,
) -> list[str]:
    to = task.responsible()
    if to is None or to == unit.scope.actor.id:
        return []
    return [inbox.deliver(unit, to, kind, content, task_id=task.id, message_id=message_id)]


def _as_offer(task: StoredTask) -> str:
    lines = [f"[Task {task.id}] {task.title}", task.body] if task.body else [f"[Task {task.id}] {task.title}"]
    lines += [f"(attachment {one.id}: {one.filename}, {one.size} bytes)" for one in task.attachments]
    lines.append(
        "It may be offered to several agents: claim it with getNextTask, or set it to ongoing, before you start."
    )
    return "\n".join(lines)
