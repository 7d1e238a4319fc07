"""The official SDK's client, connected as an agent, and what tests need to play both sides at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import httpx2
from mcp import Client
from mcp.client import ClientExtension
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from chalicelib.onebox.program import Program
from tests.support.clients import Agent, Json
from tests.support.relays import calls_held
from tests.support.waiting import DEADLINE

Era = Literal["session", "stateless"]
SESSION_VERSION = "2025-11-25"
STATELESS_VERSION = "2026-07-28"
PATHS: dict[Era, str] = {"session": "", "stateless": "/stateless"}
VERSIONS: dict[Era, str] = {"session": SESSION_VERSION, "stateless": STATELESS_VERSION}


@asynccontextmanager
async def connected(agent: Agent, era: Era, extensions: Sequence[ClientExtension] = ()) -> AsyncIterator[Client]:
    """The SDK's client at one of the two addresses; which generation it speaks, it finds out by itself."""
    url = f"{agent.url.rstrip('/')}/mcp/{agent.workspace_id}{PATHS[era]}"
    headers = {"Authorization": f"Bearer {agent.secret}"}
    timeout = httpx2.Timeout(DEADLINE, read=60)
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout) as http,
        Client(streamable_http_client(url, http_client=http), extensions=extensions) as client,
    ):
        yield client


async def call(client: Client, agent: Agent, tool: str, **arguments: Any) -> Json:
    """The tool's structured result; the SDK itself checks it against the declared schema."""
    result = await client.call_tool(tool, {"workspace_id": agent.workspace_id, **arguments})
    assert isinstance(result, CallToolResult)
    assert not result.is_error, result.content
    content: Json = result.structured_content or {}
    return content


async def until(condition: Callable[[], bool], deadline: float = DEADLINE) -> None:
    with anyio.fail_after(deadline):
        while not condition():
            await anyio.sleep(0.002)


class Holds:
    """Tells when the relay holds one more call than when this was made."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._before = calls_held(program)

    def one_more(self) -> bool:
        return calls_held(self._program) > self._before
