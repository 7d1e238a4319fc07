"""The head item of a workspace: its settings, its counters, and `seq`, the number of its last event.

Every change of anything in the workspace rewrites the head on condition that `seq` is still what was read. That one
condition orders all changes of a workspace, and makes the counters exact.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from chalicelib.kernel.entity import Entity

HEAD = "head"


class Counts(msgspec.Struct, kw_only=True):
    """How many tasks have each status, how much waits for a person, and how many agents are connected."""

    notstarted: int = 0
    ongoing: int = 0
    blocked: int = 0
    completed: int = 0
    rejected: int = 0
    waiting: int = 0
    agents: int = 0


class Usage(msgspec.Struct, kw_only=True):
    """What counts for the workspace's quotas beside tasks. `uploads`: bytes that are not attached, by day."""

    tokens: int = 0
    rules: int = 0
    attachment_bytes: int = 0
    uploads: dict[str, int] = {}


class Workspace(Entity, kw_only=True):
    """What people and agents see. `version` counts changes of the settings, `seq` those of everything."""

    name: str
    mission: str = ""
    archived_at: datetime | None = None
    seq: int = 0
    created_at: datetime
    updated_at: datetime
    counts: Counts


class Head(Workspace, kw_only=True):
    """`unread` counts inbox entries by agent (`*`: offered to all); `acknowledged` those offers an agent has seen.

    `made_by` is the person for whose quota the workspace counts. `changed_at` is the time of the last event; heads
    written before it was kept have none.
    """

    PREFIX: ClassVar[str] = HEAD

    changed_at: datetime | None = None
    deleted_at: datetime | None = None
    unread: dict[str, int]
    acknowledged: dict[str, int]
    usage: Usage = msgspec.field(default_factory=Usage)
    made_by: str = ""

    def sort_key(self) -> str:
        return HEAD

    def unread_by(self, agent: str) -> int:
        offers = self.unread.get("*", 0) - self.acknowledged.get(agent, 0)
        return self.unread.get(agent, 0) + max(offers, 0)
