"""Claude Code as a test starts it: print mode, one prompt, one MCP server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.e2e.mcp.messages_api import TOOLS, Json, MessagesApi

DEADLINE = 120.0


class Claude:
    """Claude Code in a home of its own, which nothing but the model's stand-in and the server can reach."""

    def __init__(self, executable: str, home: Path, api: MessagesApi, mcp_json: Json) -> None:
        self.executable, self.home = executable, home
        self.config = home / "mcp.json"
        self.config.write_text(json.dumps(mcp_json))
        self.environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "ANTHROPIC_API_KEY": "dummy",
            "ANTHROPIC_BASE_URL": api.url,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "ENABLE_TOOL_SEARCH": "false",
            # Else it goes on without its tools when connecting takes longer than 2 s.
            "MCP_CONNECTION_NONBLOCKING": "false",
            "MCP_CONNECT_TIMEOUT_MS": "60000",
            "NO_PROXY": "127.0.0.1",
        }

    def start(self, prompt: str, *allowed: str) -> subprocess.Popen[str]:
        tools = ",".join(TOOLS + tool for tool in allowed)
        return subprocess.Popen(
            [
                self.executable,
                "-p",
                prompt,
                "--mcp-config",
                str(self.config),
                "--strict-mcp-config",
                "--output-format",
                "stream-json",
                "--verbose",
                "--debug-file",
                str(self.home / "debug.log"),
                *(["--allowedTools", tools] if tools else []),
            ],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> list[Json]:
        output, errors = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, f"{output}\n{errors}\n{self.debug_log}"
        return [json.loads(line) for line in output.splitlines() if line]

    @property
    def debug_log(self) -> str:
        return (self.home / "debug.log").read_text()
