"""HTTP: tasks and their threads."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from chalicelib.attachments.model import Id
from chalicelib.kernel.entity import public
from chalicelib.kernel.http import Call, Listing, Nothing, Reply, Routes
from chalicelib.tasks import activities, reading, replies, rules
from chalicelib.tasks.model import Activity, Assignee, Message, StoredTask, Task
from chalicelib.tasks.replies import NewMessage
from chalicelib.tasks.rules import NewTask, TaskChanges

routes = Routes()
TASKS = "/api/workspaces/{ws}/tasks"
ONE = TASKS + "/{task_id}"


class TaskFilter(Listing, forbid_unknown_fields=True):
    status: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    assignee: Assignee | None = None
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    parent_id: Id | None = None
    order: Literal["last_first"] | None = None


class MessageFilter(Listing, forbid_unknown_fields=True):
    after: Id | None = None


class Tasks(msgspec.Struct):
    items: list[Task]
    next_cursor: str | None
    seq: int


class Messages(msgspec.Struct):
    items: list[Message]
    next_cursor: str | None
    seq: int


class Activities(msgspec.Struct):
    items: list[Activity]
    next_cursor: str | None
    seq: int


@routes.route("GET", TASKS, query=TaskFilter, answer=Tasks)
def tasks(call: Call[Nothing, TaskFilter]) -> Tasks:
    """The tasks of the workspace, the newest first; filtered, in board order, or from its end (`order`)."""
    query, last_first = call.query, call.query.order == "last_first"
    if query.parent_id is None:
        wanted = reading.segments(query.status, query.assignee, last_first=last_first)
        page = reading.tasks(call.scope, wanted, query.q, query.limit, query.cursor)
    else:
        fits = reading.criteria(query.status, query.assignee, query.q)
        page = reading.subtasks(call.scope, query.parent_id, fits, query.limit, query.cursor, last_first=last_first)
    return Tasks(page.items, page.next_cursor, call.scope.head.seq)


@routes.route("POST", TASKS, body=NewTask, answer=Task, status=201)
def create(call: Call[NewTask, Nothing]) -> Task:
    """Create a task."""
    return rules.create(call.scope, call.body)


@routes.route("GET", ONE, answer=Task)
def task(call: Call[Nothing, Nothing]) -> Task:
    """One task."""
    return public(call.scope.get(StoredTask, call.path["task_id"]), Task)


@routes.route("PATCH", ONE, body=TaskChanges, answer=Task)
def edit(call: Call[TaskChanges, Nothing]) -> Task:
    """Change its text, its status, its place, or who does it."""
    return rules.edit(call.scope, call.path["task_id"], call.body)


@routes.route("DELETE", ONE, status=204)
def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Delete it, with its thread."""
    rules.delete(call.scope, call.path["task_id"])
    return Reply(204)


@routes.route("PUT", ONE + "/read", answer=Task)
def mark_read(call: Call[Nothing, Nothing]) -> Task:
    """A person has seen what agents wrote in it."""
    return rules.mark_read(call.scope, call.path["task_id"])


@routes.route("GET", ONE + "/messages", query=MessageFilter, answer=Messages)
def messages(call: Call[Nothing, MessageFilter]) -> Messages:
    """The thread, the oldest message first."""
    call.scope.get(StoredTask, call.path["task_id"])
    query = call.query
    page = reading.messages(call.scope, call.path["task_id"], query.limit, query.cursor, query.after)
    return Messages(page.items, page.next_cursor, call.scope.head.seq)


@routes.route("POST", ONE + "/messages", body=NewMessage, answer=Message, status=201)
def reply(call: Call[NewMessage, Nothing]) -> Message:
    """Write into the thread."""
    return replies.reply(call.scope, call.path["task_id"], call.body)


@routes.route("GET", ONE + "/activities", query=Listing, answer=Activities)
def history(call: Call[Nothing, Listing]) -> Activities:
    """What was changed in it, by whom and when, the oldest change first."""
    call.scope.get(StoredTask, call.path["task_id"])
    page = activities.activities(call.scope, call.path["task_id"], call.query.limit, call.query.cursor)
    return Activities(page.items, page.next_cursor, call.scope.head.seq)
