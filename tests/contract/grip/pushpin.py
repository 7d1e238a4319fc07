"""A real Pushpin with its own configuration in a folder of its own, in front of an origin on this machine."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

from chalicelib.kernel.grip import MOST_CHANNELS
from tests.contract.grip.origin import Origin, hold
from tests.support.waiting import eventually

DEADLINE = 15.0
CONFIGURATION = """
[global]
include=/usr/lib/pushpin/internal.conf
rundir={folder}/run
ipc_prefix=p-
port_offset=0
stats_connection_ttl=120
[runner]
services=condure,zurl,pushpin-proxy,pushpin-handler
http_port={port}
logdir={folder}/log
log_level=2
client_buffer_size=16384
client_maxconn=20000
condure_bin=condure
zurl_bin=zurl
[proxy]
routesfile={folder}/routes
zurl_out_specs=ipc://{folder}/run/p-zurl-in
zurl_out_stream_specs=ipc://{folder}/run/p-zurl-in-stream
zurl_in_specs=ipc://{folder}/run/p-zurl-out
x_forwarded_for=truncate:0,append
sig_iss=pushpin
sig_key={signature_key}
[handler]
push_in_spec=ipc://{folder}/run/p-push
push_in_sub_specs=ipc://{folder}/run/p-sub
push_in_http_addr=127.0.0.1
push_in_http_port={publish_port}
push_in_http_max_headers_size=10000
push_in_http_max_body_size=4000000
stats_spec=ipc://{folder}/run/p-stats
command_spec=ipc://{folder}/run/p-command
message_rate=100000
message_hwm=1000000
message_wait=200
id_cache_ttl=60
connection_subscription_max={most_channels}
subscription_linger=60
"""


def must_be_installed() -> None:
    """Where it is not, a test is skipped; in CI nothing may be."""
    if shutil.which("pushpin") is None:
        reason = "pushpin is not installed (apt-get install pushpin)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Pushpin:
    """`with Pushpin(origin_port) as pushpin:` → `pushpin.url`, `pushpin.publish(items)`."""

    def __init__(self, origin_port: int, *, signature_key: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pushpin-"))
        self.port, self.publish_port = _free_port(), _free_port()
        for name in ("run", "log"):
            (self.folder / name).mkdir()
        (self.folder / "routes").write_text(f"* 127.0.0.1:{origin_port}\n")
        (self.folder / "pushpin.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                publish_port=self.publish_port,
                signature_key=signature_key,
                most_channels=MOST_CHANNELS,
            )
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def publish_url(self) -> str:
        return f"http://127.0.0.1:{self.publish_port}"

    def __enter__(self) -> "Pushpin":
        self._process = subprocess.Popen(
            ["pushpin", f"--config={self.folder}/pushpin.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for port in (self.port, self.publish_port):
            self._wait_for(port)
        return self

    def _wait_for(self, port: int) -> None:
        pause = threading.Event()
        for _ in range(int(DEADLINE / 0.02)):
            if self._process.poll() is not None:
                raise RuntimeError(f"pushpin ended with {self._process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
            except OSError:
                pause.wait(0.02)
            else:
                return
        raise RuntimeError("pushpin did not start")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def warm_up(self, origin: Origin) -> None:
        """Pushpin accepts connections before its processes have found each other; what comes then is lost."""
        origin.on("/ready", hold(b"", "ready"))
        frame = {"channel": "ready", "formats": {"http-stream": {"content": "ready\n"}}}

        def delivers() -> bool:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=0.5)
            try:
                connection.request("GET", "/ready")
                answer = connection.getresponse()
                self.publish([frame])
                return answer.readline() == b"ready\n"
            except OSError:
                return False
            finally:
                connection.close()

        eventually(delivers, "Pushpin's first delivery")

    def wait_held(self, channel: str) -> None:
        """Until a response is held on the channel, and the second asking after a second is past, if it comes."""
        log, pause = self.folder / "log" / "pushpin-handler.log", threading.Event()
        since = 0
        for tick in range(int(DEADLINE / 0.02)):
            text = log.read_text()
            if f" channel={channel} retry" in text or (since and tick - since > 100):
                return
            if not since and f" channel={channel}\n" in text:
                since = tick
            pause.wait(0.02)
        raise AssertionError(f"nothing was held on {channel}")

    def publish(self, items: Sequence[Mapping[str, object]]) -> None:
        request = urllib.request.Request(
            f"{self.publish_url}/publish/",
            data=json.dumps({"items": list(items)}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            answer.read()
