"""The real clients of MCP, installed on demand from the pinned lock in `mcp/node`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.mcp.messages_api import MessagesApi
from tests.support.npm import NODE, installed

PINNED = Path(__file__).parent / "mcp" / "node"


@dataclass(frozen=True)
class NodeClients:
    """What `npm ci` put there."""

    folder: Path

    @property
    def conformance(self) -> list[str]:
        script = self.folder / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
        return [NODE, str(script)]

    def claude(self, release: str) -> str:
        return str(self.folder / "node_modules" / f"claude-code-{release}" / "bin" / "claude.exe")


@pytest.fixture(scope="session")
def node_clients() -> NodeClients:
    return NodeClients(installed(PINNED, "mcp-clients"))


@pytest.fixture
def messages_api() -> Iterator[MessagesApi]:
    with MessagesApi() as api:
        yield api
