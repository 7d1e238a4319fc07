"""An MCP session (`Mcp-Session-Id`): who it belongs to and what was negotiated, as a signed value.

Nothing is stored while it lives. When a client ends it, a small item says so until it would have expired anyway.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import msgspec

from chalicelib.kernel import clock
from chalicelib.kernel.directory import Client
from chalicelib.kernel.entity import Entity
from chalicelib.kernel.ids import random_base62
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
from chalicelib.kernel.signing import sign, verify

_PURPOSE = "mcp-session"


class McpSession(msgspec.Struct, frozen=True, rename={"workspace_id": "w", "token_id": "t"}):
    id: str
    workspace_id: str
    token_id: str
    version: str
    client: Client
    at: datetime


class Ended(Entity, kw_only=True):
    PREFIX: ClassVar[str] = "ended_session"

    at: datetime

    def expires(self) -> datetime:
        return self.at + timedelta(seconds=settings().token_lifetime)


def begin(scope: Scope, version: str, client: Client) -> str:
    session = McpSession(
        random_base62(16),
        scope.workspace_id,
        scope.credential_id,
        version,
        client,
        clock.now(),
    )
    return sign(_PURPOSE, session)


def read(text: str) -> McpSession | None:
    return verify(_PURPOSE, text, McpSession)


def end_mark(text: str | None) -> str:
    """The sort key of what says that a session ended; "" for what is no session."""
    session = read(text) if text else None
    return Ended.key(session.id) if session else ""


def is_alive(scope: Scope, session: McpSession) -> bool:
    """Whether it is this token's, and has not ended."""
    own = (session.workspace_id, session.token_id) == (scope.workspace_id, scope.credential_id)
    return own and not scope.ended


def end(scope: Scope, session: McpSession) -> Ended:
    return Ended(workspace_id=scope.workspace_id, id=session.id, at=clock.now())
