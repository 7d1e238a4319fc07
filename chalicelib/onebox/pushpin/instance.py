"""One Pushpin with a configuration of its own, in a folder of its own, in front of an origin on this machine.

Its processes are a session of their own and have its paths on their command lines. By both they are known, so that
ending them ends nothing else: even those that an earlier, killed run of this program left behind.
Its sockets are in a folder with a short name, since the names of sockets are limited to about 100 bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from chalicelib.kernel import grip
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.relays import NotPublished, Relays
from chalicelib.kernel.settings import ConfigurationError
from chalicelib.onebox.http import AddressInUse

START_SECONDS = 15.0
STOP_SECONDS = 3.0
# `message_rate=-1`: with a rate, Pushpin 1.36 sends on what it was given 25 ms after the last publish, and so nothing
# for as long as publishes come more often than that.
CONFIGURATION = """\
[global]
include=/usr/lib/pushpin/internal.conf
rundir={sockets}
ipc_prefix=p-
port_offset=0
stats_connection_ttl=120
[runner]
services=condure,zurl,pushpin-proxy,pushpin-handler
http_port={host}:{port}
logdir={folder}
log_level={log_level}
client_buffer_size=16384
client_maxconn=20000
condure_bin=condure
zurl_bin=zurl
[proxy]
routesfile={folder}/routes
zurl_out_specs=ipc://{sockets}/p-zurl-in
zurl_out_stream_specs=ipc://{sockets}/p-zurl-in-stream
zurl_in_specs=ipc://{sockets}/p-zurl-out
set_x_forwarded_protocol=false
x_forwarded_for=append
sig_iss=pushpin
sig_key={key}
[handler]
push_in_spec=ipc://{sockets}/p-push
push_in_sub_specs=ipc://{sockets}/p-sub
push_in_http_addr=127.0.0.1
push_in_http_port={publish_port}
push_in_http_max_headers_size=10000
push_in_http_max_body_size=1000000
stats_spec=ipc://{sockets}/p-stats
command_spec=ipc://{sockets}/p-command
message_rate=-1
message_hwm=1000000
message_wait=200
id_cache_ttl=60
connection_subscription_max={channels}
subscription_linger=60
"""


class NotStarted(Exception):
    """Pushpin did not come up; the message has what it said."""


class Left(msgspec.Struct, frozen=True):
    """By what the processes of a run are known: their session, and on their command lines one of these paths."""

    session: int
    configuration: str
    sockets: str


def must_be_installed() -> None:
    missing = [program for program in ("pushpin", "setpriv") if shutil.which(program) is None]
    if missing:
        packages = " ".join("util-linux" if program == "setpriv" else program for program in missing)
        raise ConfigurationError(
            f"HANDRAIL_RELAY=pushpin needs {' and '.join(missing)}, not installed here. On Debian or Ubuntu: "
            f"apt-get install --no-install-recommends {packages}"
        )


def reserve(host: str, port: int) -> socket.socket:
    """Nobody else gets this port (0: a free one) while the socket is open; Pushpin can listen on it all the same."""
    held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host, port))
    except OSError as error:
        held.close()
        raise AddressInUse(host, port) from error
    return held


def _alone_in(folder: Path) -> IO[bytes]:
    """The folder is ours while this is open: a process that lives keeps its Pushpin."""
    lock = (folder / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise ConfigurationError(f"The folder {folder} is in use by another process.") from error
    return lock


class Pushpin:
    def __init__(
        self, folder: Path, origin_port: int, key: str, *, host: str = "127.0.0.1", port: int = 0, log_level: int = 1
    ) -> None:
        """`key` signs its requests. A Pushpin that is left from an earlier run in this folder is ended."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _alone_in(folder)
        self._end_what_was_left()
        self._places = [reserve(host, port), reserve("127.0.0.1", 0)]
        self.host = host
        self.port, self.publish_port = (int(place.getsockname()[1]) for place in self._places)
        self._settings: dict[str, object] = {
            "host": f"[{host}]" if ":" in host else host,
            "key": key,
            "log_level": log_level,
        }
        (folder / "routes").write_text(f"* 127.0.0.1:{origin_port}\n")
        self._process: subprocess.Popen[bytes] | None = None
        self._left: Left | None = None

    @property
    def publish_url(self) -> str:
        return f"http://127.0.0.1:{self.publish_port}"

    @property
    def url(self) -> str:
        return f"http://{self._settings['host']}:{self.port}"

    # -- starting -----------------------------------------------------------------------

    def start(self) -> None:
        """Start its processes. Those end when the calling thread does: it may not be a short-lived one."""
        sockets = Path(tempfile.mkdtemp(prefix="handrail-"))
        configuration = self.folder / "pushpin.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            CONFIGURATION.format(
                folder=self.folder.absolute(),
                sockets=sockets,
                port=self.port,
                publish_port=self.publish_port,
                channels=grip.MOST_CHANNELS,
                **self._settings,
            )
        )
        for log in self.folder.glob("*.log"):
            log.unlink()
        with (self.folder / "runner.log").open("wb") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "pushpin", f"--config={configuration.absolute()}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._left = Left(self._process.pid, str(configuration.absolute()), str(sockets))
        (self.folder / "running.json").write_bytes(msgspec.json.encode(self._left))

    def wait_until_ready(self, path: str, deadline: float = START_SECONDS) -> None:
        """Until what is published comes to who asked for `path`. Pushpin listens before its parts know each other."""
        frame: grip.Item = {"channel": path, "formats": {"http-stream": {"content": "ready\n"}}}
        relays = Relays(lambda: [self.publish_url])
        end, pause = time.monotonic() + deadline, threading.Event()
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                raise NotStarted(self._said())
            connection = http.client.HTTPConnection(self._reachable_host(), self.port, timeout=0.5)
            try:
                connection.request("GET", path, headers={"Host": "localhost"})
                answer = connection.getresponse()
                relays.publish([frame])
                if answer.readline() == b"ready\n":
                    return
            except (OSError, http.client.HTTPException, NotPublished):
                pass  # not yet
            finally:
                connection.close()
            pause.wait(0.02)
        raise NotStarted(f"Pushpin did not answer within {deadline:g} s. {self._said()}")

    def _reachable_host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    def _said(self) -> str:
        lines = (self.folder / "runner.log").read_text(errors="replace").splitlines()
        complaints = [line for line in lines if "[ERR]" in line] or lines[-1:]
        return f"Pushpin says: {' / '.join(complaints)[:500]}"

    # -- ending -------------------------------------------------------------------------

    def wait(self) -> None:
        """Until it has ended, by `end` or by itself."""
        if self._process is not None:
            self._process.wait()

    def end(self) -> None:
        """End its processes, those too whose parent was killed. May be called from any thread, and again."""
        if self._process is None or self._left is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        _end(self._left)
        self._process.wait()
        shutil.rmtree(self._left.sockets, ignore_errors=True)
        (self.folder / "running.json").unlink(missing_ok=True)

    def release(self) -> None:
        """Give the ports and the folder back."""
        for place in self._places:
            place.close()
        self._lock.close()

    def _end_what_was_left(self) -> None:
        try:
            left = decode((self.folder / "running.json").read_bytes(), Left)
        except (FileNotFoundError, msgspec.DecodeError):
            return
        _end(left)
        shutil.rmtree(left.sockets, ignore_errors=True)


def _end(left: Left) -> None:
    """Kill the processes that are left of a run, and wait until they are gone, their ports with them."""
    end = time.monotonic() + STOP_SECONDS
    while found := list(_processes(left)):
        for descriptor in found:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        have_ended = [_has_ended(descriptor, end - time.monotonic()) for descriptor in found]
        for descriptor in found:
            os.close(descriptor)
        if not all(have_ended):
            raise ConfigurationError(f"Processes of an earlier Pushpin (session {left.session}) do not end.")


def _processes(left: Left) -> Iterator[int]:
    """A descriptor of each process of that run that has not ended."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            descriptor = os.pidfd_open(int(entry.name))
        except ProcessLookupError:
            continue
        if _is_of(left, entry) and not _has_ended(descriptor, 0.0):
            yield descriptor
        else:
            os.close(descriptor)


def _is_of(left: Left, process: Path) -> bool:
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        command = (process / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    session, memory = int(fields[3]), int(fields[20])
    # A process that is ending has no memory any more, and so no command line, but its ports still.
    return session == left.session and (left.configuration in command or left.sockets in command or memory == 0)


def _has_ended(descriptor: int, seconds: float) -> bool:
    """Whether it ends within `seconds`: all its threads, so that nothing that it had is in use."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(max(0.0, seconds) * 1000))
