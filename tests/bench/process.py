"""The program as a user runs it: a process of its own, measured from the outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.wire import Json, Wire
from tests.support.unlimited import UNLIMITED

ROOT = Path(__file__).resolve().parents[2]
AT = "Handrail is at "


@dataclass
class Agent:
    """A token of a workspace with an initialized MCP session."""

    url: str
    workspace_id: str
    token_id: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return f"/mcp/{self.workspace_id}"

    def wire(self) -> Wire:
        return Wire(self.url, self.headers)

    def call(self, tool: str, **arguments: object) -> Json:
        params = {"name": tool, "arguments": {"workspace_id": self.workspace_id, **arguments}}
        return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


class Running:
    """A started program and its signed-in owner."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid
        signed_in = Wire(url, {}).ask("POST", "/auth/local/session")
        self.cookie = signed_in.headers["set-cookie"].partition(";")[0]
        self.owner = self.person()

    def person(self) -> Wire:
        """One more connection of the owner."""
        return Wire(self.url, {"Cookie": self.cookie})

    def reconnect(self) -> None:
        """The server closes a connection that was idle for some seconds."""
        self.owner.close()
        self.owner = self.person()

    def create_workspace(self, name: str = "bench") -> str:
        id: str = self.owner.ask("POST", "/api/workspaces", {"name": name}).json["id"]
        return id

    def create_task(self, workspace_id: str, **more: object) -> str:
        new = {"title": "Which database?", "body": "We need one.", **more}
        id: str = self.owner.ask("POST", f"/api/workspaces/{workspace_id}/tasks", new).json["id"]
        return id

    def agent(self, workspace_id: str) -> Agent:
        token = self.owner.ask("POST", f"/api/workspaces/{workspace_id}/tokens", {"name": "bench"}).json["token"]
        headers = {
            "Authorization": f"Bearer {token['secret']}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-11-25",
        }
        agent = Agent(self.url, workspace_id, token["id"], headers)
        info = {"name": "bench", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
        hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
        wire = agent.wire()
        headers["Mcp-Session-Id"] = wire.ask("POST", agent.path, hello).headers["mcp-session-id"]
        wire.close()
        return agent

    def memory(self) -> float:
        """Resident memory, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def spawn(data: Path, **settings: str) -> tuple[subprocess.Popen[str], str]:
    """Start the program on `data`; returns when it says where it is."""
    own = {"HANDRAIL_PORT": "0", "HANDRAIL_DATA": str(data), "HANDRAIL_LOG_LEVEL": "WARNING"}
    own |= {f"HANDRAIL_{name.upper()}": rate for name, rate in (UNLIMITED | settings).items()}
    started = subprocess.Popen(
        [sys.executable, "-m", "chalicelib.onebox"],
        cwd=ROOT,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    for line in started.stdout:
        if line.startswith(AT):
            return started, line.removeprefix(AT).strip()
    raise RuntimeError(f"The program ended with {started.wait()} before it was there.")


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


@contextmanager
def running(data: Path | None = None, **settings: str) -> Iterator[Running]:
    """The program on `data`, or on an empty folder."""
    with TemporaryDirectory() as empty:
        process, url = spawn(data or Path(empty), **settings)
        try:
            yield Running(url, process.pid)
        finally:
            stop(process)
