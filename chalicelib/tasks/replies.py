"""The thread of a task: who writes into it, and what that does to the task."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.attachments import rules as attachments
from chalicelib.attachments.model import GivenList
from chalicelib.inbox import acknowledging
from chalicelib.inbox.model import InboxEntry
from chalicelib.kernel import clock
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.text import long
from chalicelib.kernel.unit import Unit, run
from chalicelib.tasks import changes, delivery
from chalicelib.tasks.model import OPEN, Message, MessageText, StoredTask, Task


class NewMessage(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Files need no words with them; a message with neither is none."""

    text: MessageText
    attachments: GivenList = []


def reply(scope: Scope, task_id: str, new: NewMessage) -> Message:
    """Write into the thread. An agent's reply starts a task that was not started; a person's reaches the agent."""
    if not new.text.strip() and not new.attachments:
        raise ValidationFailed(("text", "must say something, or come with attachments"))
    text = long("text", new.text)
    prepared = attachments.prepare(scope, new.attachments)
    told = acknowledging.about(scope, task_id, delivery.known_to(scope))

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
        unit.put(message)
        task.attachment_bytes += attachments.total(message.attachments)
        task.last_message, task.messages = message.preview(), task.messages + 1
        notify = _hear_person(unit, task, message) if scope.is_person else _hear_agent(unit, task, told)
        changes.write(unit, "reply.received", before, task, notify, message=message)
        return message

    reads = [*changes.reads_of(task_id), *prepared.reads(), *(entry.sort_key() for entry in told)]
    return run(scope, Message, command, reads=reads)


def ask(scope: Scope, task_id: str) -> Task:
    """An agent waits for a person's reply, so the task waits for a person."""

    def command(unit: Unit) -> Task:
        task = unit.get(StoredTask, task_id)
        if task.own_waiting() is not None or task.status not in OPEN:
            return public(task, Task)
        before = msgspec.structs.replace(task)
        task.asked_at = clock.now()
        return changes.write(unit, "task.updated", before, task)

    return run(scope, Task, command, reads=[StoredTask.key(task_id)])


def _hear_person(unit: Unit, task: StoredTask, message: Message) -> list[str]:
    task.unread, task.asked_at, task.answered = 0, None, message.id
    content = f"[Reply to task {task.id}] {message.text}"
    for one in message.attachments:
        content += f"\n(attachment {one.id}: {one.filename}, {one.size} bytes)"
    return changes.to_responsible(unit, task, "reply", content, message_id=message.id)


def _hear_agent(unit: Unit, task: StoredTask, told: Sequence[InboxEntry]) -> list[str]:
    task.unread += 1
    acknowledging.acknowledge_all(unit, told)
    delivery.act(unit, task, told)
    if task.status == "notstarted" and task.assignee == "agent":
        changes.move(unit, task, "ongoing")
    return []
