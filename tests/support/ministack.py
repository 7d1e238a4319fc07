"""ministack, which stands in for AWS on this machine: in a process of its own, from an environment of its own."""

from __future__ import annotations

import os
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.onebox.pushpin.instance import reserve
from tests.support.venvs import AWS_TOOLS, programs

START_SECONDS = 60.0


@contextmanager
def ministack_server(*services: str, log: Path | None = None) -> Iterator[str]:
    """The address at which it serves `services` (none: all that it knows)."""
    place = reserve("127.0.0.1", 0)
    port = place.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HANDRAIL_"))}
    own |= {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "INFO" if log else "ERROR",
        "PERSIST_STATE": "0",
    }
    if services:
        own["SERVICES"] = ",".join(services)
    with (log or Path(os.devnull)).open("ab") as output:
        command = [str(programs(AWS_TOOLS) / "ministack")]
        server = subprocess.Popen(command, env=own, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(url, server)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        place.close()


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(int(START_SECONDS / 0.05)):
        try:
            urllib.request.urlopen(f"{url}/_ministack/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, f"ministack ended with {server.returncode}"
            # The server offers no readiness signal but its port; give it the processor for a moment.
            pause.wait(0.05)
    raise AssertionError("ministack did not start")
