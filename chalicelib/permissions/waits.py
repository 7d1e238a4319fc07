"""A permission as an agent that waits for it sees it."""

from __future__ import annotations

from typing import Literal

import msgspec

from chalicelib.permissions.model import Permission


class Verdict(msgspec.Struct, kw_only=True):
    """`behavior` is there once it is decided. Call again with the same arguments while the status is waiting."""

    status: Literal["decided", "waiting"]
    permission_id: str
    behavior: Literal["allow", "deny"] | None = None
    reason: str | None = None


def channel(workspace_id: str, permission_id: str) -> str:
    return f"permission-{workspace_id}-{permission_id}"


def verdict(permission: Permission) -> Verdict:
    if permission.status == "pending":
        return Verdict(status="waiting", permission_id=permission.id)
    return Verdict(
        status="decided",
        permission_id=permission.id,
        behavior="allow" if permission.status == "allowed" else "deny",
        reason=permission.reason,
    )
