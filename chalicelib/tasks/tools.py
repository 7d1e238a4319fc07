"""MCP: tasks and their threads."""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.attachments.model import GivenList, Id
from chalicelib.inbox import acknowledging
from chalicelib.kernel.entity import public
from chalicelib.kernel.mcp.registry import Arguments, Held, Registry, Resource
from chalicelib.kernel.pages import LARGEST_LIMIT
from chalicelib.kernel.room import MOST_FOR_AGENTS, Room
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
from chalicelib.tasks import claims, reading, replies, rules, waits
from chalicelib.tasks.model import OPEN, Assignee, Body, Message, MessageText, Status, StoredTask, Task, Title
from chalicelib.tasks.waits import Answer

registry = Registry()

Limit = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_LIMIT)]


class CreateTask(Arguments, kw_only=True):
    title: Title
    body: Body
    assignee: Assignee = "agent"
    parent_id: Id | None = None
    attachments: GivenList = []


class CreatedTask(msgspec.Struct):
    task_id: str


class UpdateTaskStatus(Arguments, kw_only=True):
    task_id: Id
    status: Status


class UpdatedStatus(msgspec.Struct):
    task_id: str
    status: Status


class ReplyToTask(Arguments, kw_only=True):
    chat_id: Id
    text: MessageText
    attachments: GivenList = []


class Replied(msgspec.Struct):
    message_id: str


class GetTaskMessages(Arguments, kw_only=True):
    task_id: Id
    cursor: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    limit: Limit = 50


class Thread(msgspec.Struct):
    messages: list[Message]
    next_cursor: str | None


class GetNextTask(Arguments, kw_only=True):
    claim: bool = True


class NextTask(msgspec.Struct):
    task: Task | None


class WaitForReply(Arguments, kw_only=True):
    task_id: Id
    after: Id | None = None
    timeout_s: Annotated[float, msgspec.Meta(ge=0, le=50)] = 50


@registry.tool("createTask", "Create a task", CreatedTask)
def create_task(scope: Scope, arguments: CreateTask) -> CreatedTask:
    """Create a task. With assignee human it is put before a person: ask for a decision so, then waitForReply."""
    new = rules.NewTask(
        title=arguments.title,
        body=arguments.body,
        assignee=arguments.assignee,
        parent_id=arguments.parent_id,
        attachments=arguments.attachments,
    )
    return CreatedTask(rules.create(scope, new).id)


@registry.tool("updateTaskStatus", "Update a task's status", UpdatedStatus)
def update_task_status(scope: Scope, arguments: UpdateTaskStatus) -> UpdatedStatus:
    """Say where a task stands: ongoing when you start, blocked when stuck, completed or rejected at the end."""
    task = rules.set_status(scope, arguments.task_id, arguments.status)
    return UpdatedStatus(task.id, task.status)


@registry.tool("reply", "Reply in a task's thread", Replied)
def reply(scope: Scope, arguments: ReplyToTask) -> Replied:
    """Write to the people in the thread of a task. chat_id is the task's id; files need no text."""
    new = replies.NewMessage(text=arguments.text, attachments=arguments.attachments)
    return Replied(replies.reply(scope, arguments.chat_id, new).id)


@registry.tool("getTaskMessages", "Read a task's thread", Thread, read_only=True)
def get_task_messages(scope: Scope, arguments: GetTaskMessages) -> Thread:
    """Read the thread of a task, the oldest message first. While there is a next_cursor, call again with it."""
    task = scope.get(StoredTask, arguments.task_id)
    page = reading.messages(scope, task.id, arguments.limit, arguments.cursor, room=Room(MOST_FOR_AGENTS))
    acknowledging.given(scope, task, page.items)
    return Thread(page.items, page.next_cursor)


@registry.tool("getNextTask", "Get the next task", NextTask)
def get_next_task(scope: Scope, arguments: GetNextTask) -> NextTask:
    """Claim the oldest task that waits for an agent; no other agent gets it while you work on it.

    task is null when there is none.
    """
    return NextTask(claims.claim_next(scope, claim=arguments.claim))


@registry.tool("waitForReply", "Wait for a person's reply", Answer)
def wait_for_reply(scope: Scope, arguments: WaitForReply) -> Answer | Held[Answer]:
    """Wait until a person replies in a task. While the status is waiting, call it again.

    Give the last message_id as after to wait for the one that follows.
    """
    task = scope.get(StoredTask, arguments.task_id)
    message = waits.reply_after(scope, task, arguments.after)
    if message is not None:
        acknowledging.given(scope, task, [message])
        return waits.answer(message)
    if task.status not in OPEN:
        return waits.closed(task)
    seconds = min(arguments.timeout_s, settings().longest_wait)
    if seconds > 0 and task.own_waiting() is None:
        replies.ask(scope, task.id)
    meanwhile = Answer(status="waiting", task_id=task.id)
    if seconds == 0:
        return meanwhile
    return Held(meanwhile, waits.channel(scope.workspace_id, task.id), task.answered or "", seconds)


def _read_task(scope: Scope, id: str) -> Task:
    return public(scope.get(StoredTask, id), Task)


registry.resources.append(Resource("handrail://{ws}/tasks/{id}", "task", "A task as it is now.", _read_task))
