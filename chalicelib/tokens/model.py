"""An MCP token, as people see it. Its secret is not here: the item knows only the digest that its route has."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from chalicelib.kernel.directory import Client
from chalicelib.kernel.entity import Actor, Entity

State = Literal["active", "expired", "revoked", "rotated"]


class Token(Entity, kw_only=True):
    name: str
    last_four: str
    status: State = "active"
    created_at: datetime
    created_by: Actor
    expires_at: datetime
    last_used_at: datetime | None = None
    ended_at: datetime | None = None
    connected: bool = False
    client: Client | None = None


class StoredToken(Token, kw_only=True):
    PREFIX: ClassVar[str] = "token"

    route: str


class NewToken(Token, kw_only=True):
    """`secret` is None in the answer to a repeated request: it is shown once, to whoever asked first."""

    secret: str | None


class McpServer(msgspec.Struct):
    type: str
    url: str
    headers: dict[str, str]


class McpJson(msgspec.Struct, rename={"mcp_servers": "mcpServers"}):
    """The content of a `.mcp.json`, ready to paste."""

    mcp_servers: dict[str, McpServer]


class Generated(msgspec.Struct):
    """`command` does the same as `mcp_json`, typed into a shell."""

    token: NewToken
    mcp_json: McpJson
    command: str
