"""The program as a process of its own, for what only a process can show: being killed, and starting again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx

from tests.support.clients import Person, new_client
from tests.support.unlimited import UNLIMITED
from tests.support.waiting import DEADLINE

ROOT = Path(__file__).resolve().parents[2]
MODULE = "chalicelib.onebox"


class Process:
    """Started when made; `url` is there once it serves. `end` kills what is left of it."""

    def __init__(self, data: Path, module: str = MODULE, **settings: str) -> None:
        self._process = launch(data, module, **settings)
        self.url = self._address()

    def _address(self) -> str:
        assert self._process.stdout is not None
        watchdog = threading.Timer(20, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        found = re.search(r"http://\S+", line)
        if found is None:
            self._process.kill()
            raise AssertionError(f"it did not start: {line} {self._process.communicate()[1]}")
        return found.group()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=DEADLINE)

    def stop(self, how: signal.Signals) -> tuple[int, str, str]:
        """(exit code, what else it printed, what it logged) after the signal `how`."""
        self._process.send_signal(how)
        out, err = self._process.communicate(timeout=DEADLINE)
        return self._process.returncode, out, err

    def end(self) -> None:
        if self._process.poll() is None:
            self.kill()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def owner(self) -> Person:
        return RemoteOwner(self.url)


class RemoteOwner(Person):
    """The single owner, signed in as a browser does it."""

    def __init__(self, url: str) -> None:
        self.http: httpx.Client = new_client(base_url=url, timeout=DEADLINE)
        answer = self.http.post("/auth/local/session")
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["person"]["id"]


def launch(data: Path, module: str = MODULE, **settings: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HANDRAIL_")}
    own = {"port": "0", "data": str(data), "log_level": "WARNING"}
    chosen = own | UNLIMITED | settings
    return subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=kept | {f"HANDRAIL_{name.upper()}": value for name, value in chosen.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(data: Path, **settings: str) -> tuple[int, str]:
    """(exit code, what it says on standard error) of a program that cannot start."""
    process = launch(data, **settings)
    _, err = process.communicate(timeout=20)
    return process.returncode, err
