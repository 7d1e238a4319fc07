"""Waiting for a person's reply at the relay.

agent ── waitForReply ──► no reply yet: hold
person ── reply ────────► a hint on the task's channel: the relay asks again, and this time there is an answer
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from chalicelib.attachments.model import Attachment
from chalicelib.kernel.pages import Cursor
from chalicelib.kernel.scope import Scope
from chalicelib.tasks import reading
from chalicelib.tasks.model import Message, Status, StoredTask, Task


class Answer(msgspec.Struct, kw_only=True):
    """`closed`: the task ended without a reply; `task_status` says how."""

    status: Literal["answered", "waiting", "closed"]
    task_id: str
    message_id: str | None = None
    text: str | None = None
    user: str | None = None
    created_at: datetime | None = None
    attachments: list[Attachment] = []
    task_status: Status | None = None


def channel(workspace_id: str, task_id: str) -> str:
    return f"reply-{workspace_id}-{task_id}"


def answer(message: Message) -> Answer:
    return Answer(
        status="answered",
        task_id=message.task_id,
        message_id=message.id,
        text=message.text,
        user=message.sender.name,
        created_at=message.created_at,
        attachments=message.attachments,
    )


def closed(task: Task) -> Answer:
    return Answer(status="closed", task_id=task.id, task_status=task.status)


def reply_after(scope: Scope, task: StoredTask, after: str | None) -> Message | None:
    """The first message by a person after `after`; without it, after the last message by an agent."""
    if task.answered is None or (after is not None and task.answered <= after):
        return None
    if after is None:
        last = task.last_message
        if last is None or last.sender.kind != "person":
            return None
        return scope.find(Message, task.id, task.answered)
    cursor: Cursor = None
    while True:
        page = reading.messages(scope, task.id, cursor=cursor, after=after)
        for message in page.items:
            if message.sender.kind == "person":
                return message
        cursor = page.next_cursor
        if cursor is None:
            return None
