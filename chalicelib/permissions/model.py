"""A permission request, decided once, and the rules that people made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from chalicelib.kernel.entity import Actor, Entity
from chalicelib.kernel.settings import KIB
from chalicelib.tasks.model import Agent

LARGEST_INPUT = 48 * KIB

Behavior = Literal["allow", "deny", "allow_always"]
PermissionStatus = Literal["pending", "allowed", "denied"]

ToolName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Description = Annotated[str, msgspec.Meta(max_length=4_000)]
Input = Annotated[str, msgspec.Meta(max_length=32_768)]
RequestId = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=32_768)]
Reason = Annotated[str, msgspec.Meta(max_length=2_000)]


class Permission(Entity, kw_only=True):
    """`input` is what the agent sent, to the byte. `rule` is the pattern "allow always" would write, if it could."""

    task_id: str | None = None
    agent: Agent
    tool_name: str
    description: str
    input: str
    rule: str | None = None
    status: PermissionStatus = "pending"
    behavior: Behavior | None = None
    reason: str | None = None
    decided_by: Actor | None = None
    decided_at: datetime | None = None
    created_at: datetime


class StoredPermission(Permission, kw_only=True):
    """`request_id` and `connection`: asked for by notification. `delivered`: the tool gave the agent the decision."""

    PREFIX: ClassVar[str] = "permission"

    request_id: str | None = None
    connection: str = ""
    delivered: bool = False

    def state_key(self) -> str:
        return self.key(self.status, self.created_at.isoformat(), self.id)

    def waiting_key(self) -> str | None:
        return self.key(self.created_at.isoformat(), self.id) if self.status == "pending" else None


class Asked(Entity, kw_only=True):
    """Which permission a request of an agent became, so that the same request is not asked twice."""

    PREFIX: ClassVar[str] = "asked"

    permission_id: str
    expires_at: datetime

    def expires(self) -> datetime:
        return self.expires_at


class PermissionRule(Entity, kw_only=True):
    PREFIX: ClassVar[str] = "permission_rule"

    tool_name: str
    pattern: str
    created_by: Actor
    created_at: datetime
