"""A task, its thread and its history.

A task is done by an agent or by a person (`assignee`). `agent` is the one agent that has it: handed out by
getNextTask under a lease (`claim_expires_at`), then kept while it works. `waiting` says since when a person is
needed, and for what.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from chalicelib.attachments.model import Attachment
from chalicelib.kernel import clock
from chalicelib.kernel.entity import Actor, Entity

Status = Literal["notstarted", "ongoing", "blocked", "completed", "rejected"]
Assignee = Literal["human", "agent"]
ActivityKind = Literal["status", "assignee", "title", "body", "claim", "release"]

STATUSES: tuple[Status, ...] = ("notstarted", "ongoing", "blocked", "completed", "rejected")
OPEN: frozenset[Status] = frozenset({"notstarted", "ongoing", "blocked"})

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Body = Annotated[str, msgspec.Meta(max_length=65_536)]
MessageText = Annotated[str, msgspec.Meta(max_length=65_536)]
Position = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
PREVIEW = 280


def place(position: float) -> str:
    """A position as a part of a key: keys sort as positions do."""
    return f"{position:020.6f}"


class Agent(msgspec.Struct, frozen=True):
    id: str
    name: str


class Preview(msgspec.Struct, kw_only=True):
    """The last message of a thread, cut short; `files` of them came with it, perhaps without any text."""

    id: str
    sender: Actor
    text: str
    files: int = 0
    created_at: datetime


class Seen(msgspec.Struct, frozen=True):
    """The newest message by a person that an agent has seen: which agent, and when it first had."""

    message_id: str
    agent: Agent
    at: datetime


class Waiting(msgspec.Struct, frozen=True):
    since: datetime
    kind: Literal["task", "question", "permission"]


class Task(Entity, kw_only=True):
    title: str
    body: str
    status: Status
    assignee: Assignee
    created_by: Actor
    agent: Agent | None = None
    claim_expires_at: datetime | None = None
    parent_id: str | None = None
    position: float
    created_at: datetime
    updated_at: datetime
    last_message: Preview | None = None
    messages: int = 0
    pending_permissions: int = 0
    unread: int = 0
    waiting: Waiting | None = None
    seen: Seen | None = None
    attachments: list[Attachment]


class StoredTask(Task, kw_only=True):
    """`asked_at`: since when an agent waits for a reply. `answered`: the last message by a person.

    `attachment_bytes` are those of its files, and of its thread's.
    """

    PREFIX: ClassVar[str] = "task"

    asked_at: datetime | None = None
    answered: str | None = None
    permission_at: datetime | None = None
    attachment_bytes: int = 0

    def state_key(self) -> str:
        return self.key(self.assignee, self.status, place(self.position), self.id)

    def waiting_key(self) -> str | None:
        own = self.own_waiting()
        return self.key(own.since.isoformat(), self.id) if own else None

    def own_waiting(self) -> Waiting | None:
        """Why the task itself waits for a person, its permission requests aside."""
        if self.status not in OPEN:
            return None
        last = self.last_message
        if self.assignee == "human" and (last is None or last.sender.kind != "person"):
            return Waiting(last.created_at if last else self.created_at, "task")
        return Waiting(self.asked_at, "question") if self.asked_at else None

    def is_held_by_another(self, agent: str) -> bool:
        """Whether another agent has it, and its lease, where that matters, still runs."""
        if self.agent is None or self.agent.id == agent:
            return False
        return self.claim_expires_at is None or self.claim_expires_at > clock.now()

    def responsible(self) -> str | None:
        """The agent that has to hear of what a person does to the task."""
        if self.agent is not None:
            return self.agent.id
        return self.created_by.id if self.created_by.kind == "agent" else None


class Message(Entity, kw_only=True):
    """Ids sort in the order of the thread."""

    PREFIX: ClassVar[str] = "message"

    task_id: str
    sender: Actor
    text: str
    attachments: list[Attachment]
    created_at: datetime

    def sort_key(self) -> str:
        return self.key(self.task_id, self.id)

    def preview(self) -> Preview:
        text, files = self.text[:PREVIEW], len(self.attachments)
        return Preview(id=self.id, sender=self.sender, text=text, files=files, created_at=self.created_at)


class Activity(Entity, kw_only=True):
    """One change of a task, never changed itself. Ids sort in the order of what happened.

    `before` and `after` are a status, an assignee, a title or an agent's name; of a body neither is kept.
    """

    PREFIX: ClassVar[str] = "activity"

    task_id: str
    at: datetime
    actor: Actor
    kind: ActivityKind
    before: str | None = None
    after: str | None = None

    def sort_key(self) -> str:
        return self.key(self.task_id, self.id)
