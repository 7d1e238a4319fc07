"""What follows from events: held calls are answered, and what a deleted task leaves behind is removed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.attachments.model import Attachment, StoredAttachment
from chalicelib.kernel import grip, store
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.decoding import convert
from chalicelib.kernel.entity import Entity
from chalicelib.kernel.events import Event
from chalicelib.kernel.listening import Listeners
from chalicelib.kernel.pages import Index
from chalicelib.kernel.scope import Scope, for_system
from chalicelib.kernel.store import E
from chalicelib.tasks.model import OPEN, Activity, Message, Task
from chalicelib.tasks.subtasks import SubTask
from chalicelib.tasks.waits import channel

listeners = Listeners()


class DeletedTask(msgspec.Struct):
    """What is left of a task in the event that tells of its end."""

    id: str
    attachments: list[Attachment]


@listeners.on("reply.received")
def answer_waiting_calls(event: Event) -> list[grip.Item]:
    if event.actor.kind != "person":
        return []
    message = convert(event.entity("message"), Message)
    return [grip.hint(channel(event.workspace_id, message.task_id), message.id)]


@listeners.on("status.updated")
def end_waiting_calls(event: Event) -> list[grip.Item]:
    task = convert(event.entity("task"), Task)
    return [] if task.status in OPEN else [grip.hint(channel(event.workspace_id, task.id), str(event.seq))]


@listeners.on("task.deleted")
def end_calls_and_remove_the_rest(event: Event) -> list[grip.Item]:
    deleted = convert(event.entity("task"), DeletedTask)
    scope = for_system(event.workspace_id)
    if scope is not None:
        with scope.within():
            _remove_files(scope, deleted.attachments)
            _remove_thread(scope, deleted.id)
            _remove_all(scope, Activity, Activity.key(deleted.id, ""))
            _remove_all(scope, SubTask, SubTask.key(deleted.id, ""), "by_state")
    return [grip.hint(channel(event.workspace_id, deleted.id), str(event.seq))]


@listeners.on("*")
def hint_subscribers(event: Event) -> list[grip.Item]:
    task = event.entity("task")
    return [grip.hint(f"task-{event.workspace_id}-{task['id']}")] if task is not None else []


def _remove_thread(scope: Scope, task_id: str) -> None:
    """Messages and files of a task that is gone. What is removed twice is removed once."""
    while page := scope.list(Message, Message.key(task_id, ""), 50).items:
        for message in page:
            _remove_files(scope, message.attachments)
        _remove(scope, page)


def _remove_all(scope: Scope, kind: type[E], prefix: str, index: Index | None = None) -> None:
    while page := scope.list(kind, prefix, 200, index=index).items:
        _remove(scope, page)


def _remove(scope: Scope, entities: Sequence[Entity]) -> None:
    store.batch_write(gone=[_item(scope, entity.sort_key()) for entity in entities])


def _remove_files(scope: Scope, attachments: list[Attachment]) -> None:
    for attachment in attachments:
        blobs().delete(scope.workspace_id, attachment.id)
        _item(scope, StoredAttachment.key(attachment.id)).delete()


def _item(scope: Scope, sort_key: str) -> store.WorkspaceItem:
    return store.WorkspaceItem(scope.workspace_id, sort_key)
