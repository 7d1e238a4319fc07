"""An entry of an agent's inbox: something that it must see, kept until it is acknowledged.

Addressed to one agent (`to` is its id) or offered to all (`*`): work that anybody may claim. There is one offer per
task, and it is gone as soon as somebody has the task.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from chalicelib.kernel.entity import Entity

EVERYBODY = "*"
Kind = Literal["task", "reply", "status", "cancelled", "permission"]


class Notice(msgspec.Struct, kw_only=True):
    """What an agent is told. `content` is the text to read; ids say what it is about."""

    id: str
    kind: Kind
    content: str
    user: str
    at: datetime
    seq: int
    task_id: str | None = None
    message_id: str | None = None
    permission_id: str | None = None
    request_id: str | None = None
    behavior: Literal["allow", "deny"] | None = None


class InboxEntry(Entity, kw_only=True):
    """A stored `Notice`. `connection` is the MCP session a verdict belongs to, `asked_at` when that one asked."""

    PREFIX: ClassVar[str] = "inbox"

    to: str
    kind: Kind
    content: str
    user: str
    at: datetime
    seq: int
    task_id: str | None = None
    message_id: str | None = None
    permission_id: str | None = None
    request_id: str | None = None
    behavior: Literal["allow", "deny"] | None = None
    acknowledged_by: list[str]
    connection: str = ""
    asked_at: datetime | None = None

    def sort_key(self) -> str:
        return self.key(self.to, self.id)
