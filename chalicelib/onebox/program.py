"""The whole of Handrail in one process, put together in one place.

client ──► HttpServer ──► Relay ──► Gateway ──► Chalice app ──► SQLite engine
                            ▲                                       │ change feed
                            └──────── publish ◄── stream function ◄─┤
                                push services ◄── notify function ◄─┘
With `HANDRAIL_RELAY=pushpin`: client ──► Pushpin ──► HttpServer (a port of its own) ──► Gateway ──► …
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

import msgspec

from chalicelib.kernel import blobs, clock, grip, keys, late, settings, sizes, store
from chalicelib.kernel.relays import Relays
from chalicelib.kernel.settings import ConfigurationError, Settings
from chalicelib.onebox.asgi import Receive, Scope, Send
from chalicelib.onebox.blobs import FolderBlobs
from chalicelib.onebox.engine import Engine, install
from chalicelib.onebox.gateway import Gateway, Limits
from chalicelib.onebox.http import HttpServer
from chalicelib.onebox.pump import Consumer, Pump, StreamFunction
from chalicelib.onebox.pushpin import NotStarted, Pushpin, PushpinOrigin, Supervisor, must_be_installed, origin_server
from chalicelib.onebox.relay import Relay
from chalicelib.onebox.remote_pump import RemotePump
from chalicelib.onebox.scheduler import Scheduler, schedule_event
from chalicelib.onebox.static import StaticSite

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard" / "dist"
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class Program:
    """Opens everything, in order; `run` serves until a signal, `start`/`stop` serve in the background."""

    def __init__(self, chosen: Settings) -> None:
        folder = _data_folder(chosen.data)
        key = chosen.signing_key or _kept(folder / "signing.key", keys.signing_key)
        self.pushpin, self.http = self._listen(chosen, folder)
        local = _is_local(chosen.public_url)
        push_key = chosen.push_key or _kept(folder / "push.key", keys.push_key)
        self.settings = msgspec.structs.replace(
            chosen, signing_key=key, push_key=push_key, local_sign_in=local, port=(self.pushpin or self.http).port
        )
        settings.configure(self.settings)
        self.engine = None if chosen.dynamodb_endpoint else Engine.open(folder / "handrail.db")
        if self.engine is not None:
            install(self.engine.client)
        store.connect()
        store.create_tables()
        blobs.keep_in(FolderBlobs(folder / "attachments"))
        self._wire()

    def _listen(self, chosen: Settings, folder: Path) -> tuple[Pushpin | None, HttpServer]:
        if chosen.relay == "embedded":
            return None, HttpServer(self._serve, chosen.host, chosen.port)
        must_be_installed()
        origin = PushpinOrigin(self._serve)
        http = origin_server(origin)
        pushpin = Pushpin(folder / "run", http.port, origin.key, host=chosen.host, port=chosen.port)
        self._supervisor = Supervisor(pushpin, origin)
        return pushpin, http

    def _wire(self) -> None:
        import app

        site = StaticSite(DASHBOARD, CONTENT_SECURITY_POLICY)
        limits = Limits(body_bytes=sizes.most)
        self.gateway = Gateway(
            app.app,
            allowed_host=self._is_own_host,
            limits=limits,
            threads=self.settings.workers,
            fallback=site,
        )
        self.relay = Relay(self.gateway)
        pushpin = self.pushpin
        grip.publish_through(Relays(lambda: [pushpin.publish_url]) if pushpin else self.relay)
        # A publish to Pushpin is a request: those of a moment go together. Relays know again what they were given.
        rest = 0.01 if pushpin else 0.0
        self.pumps = [self._pump(app.stream, "stream", rest, 0.25), self._pump(app.notify, "notify", rest=0.1)]
        self.scheduler = Scheduler(lambda: app.maintenance(schedule_event(), None), self._expire)

    def _pump(
        self, function: StreamFunction, consumer: Consumer, rest: float, note_every: float = 0.0
    ) -> Pump | RemotePump:
        if self.engine is None:
            return RemotePump(self.settings, function, consumer)
        return Pump(self.engine, function, consumer, rest, note_every)

    @property
    def url(self) -> str:
        return self.settings.address

    def run(self, announce: Callable[[str], None]) -> None:
        """`announce` is told the address once requests are served there."""
        failures: list[NotStarted] = []

        def ready(failure: NotStarted | None) -> None:
            if failure is None:
                announce(self.url)
            else:
                failures.append(failure)
                self.http.stop()

        self._begin()
        try:
            self._when_ready(ready)
            self.http.run()
        finally:
            self._end()
        for failure in failures:
            raise failure

    def start(self) -> Program:
        self._begin()
        self.http.start()
        known: SimpleQueue[NotStarted | None] = SimpleQueue()
        self._when_ready(known.put)
        failure = known.get()
        if failure is not None:
            self.stop()
            raise failure
        return self

    def _when_ready(self, then: Callable[[NotStarted | None], None]) -> None:
        """The program's own server listens since it was made; what comes before it is served waits."""
        if self.pushpin is None:
            then(None)
        else:
            self._supervisor.start(then)

    def stop(self) -> None:
        self._end_pushpin()
        self.http.stop()
        self._end()

    def _begin(self) -> None:
        threading.Thread(target=late.load, args=("",), daemon=True).start()
        for pump in self.pumps:
            pump.start()
        self.scheduler.start()

    def _end_pushpin(self) -> None:
        if self.pushpin is not None:
            self._supervisor.stop()

    def _end(self) -> None:
        self._end_pushpin()
        self.scheduler.stop()
        for pump in self.pumps:
            pump.stop()
        self.gateway.close()
        if self.engine is not None:
            self.engine.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.relay if self.pushpin is None else self.gateway)(scope, receive, send)

    def _is_own_host(self, host: str) -> bool:
        name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
        public = urlsplit(self.settings.address)
        return name in LOOPBACK or host == public.netloc or name == public.hostname

    def _expire(self) -> None:
        if self.engine is not None:
            self.engine.expire(clock.now().timestamp())


def _is_local(public_url: str) -> bool:
    """Whether only this machine can come here: then, and only then, its owner needs no password."""
    return not public_url or urlsplit(public_url).hostname in {"127.0.0.1", "localhost", "::1"}


def _data_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ConfigurationError(
            f"The data folder {folder} cannot be written ({reason}). Set HANDRAIL_DATA to one that can."
        ) from error
    return folder


def _kept(file: Path, make: Callable[[], str]) -> str:
    """A key of this data folder, made at the first start and readable by its owner only.

    It has its name only once it is complete and durable: a start that is killed leaves no half of a key.
    """
    if not file.exists():
        half = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(make())
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):
            os.link(half, file)
        half.unlink()
    return file.read_text()
