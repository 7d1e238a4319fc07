"""The HTTP server: uvicorn with a protocol whose connections can be held without a task, and with hard
limits.

`HttpServer(app, host, port)` runs in this thread (`run`, until SIGINT or SIGTERM) or in the
background (`start`, `stop`). Port 0 takes a free one; `port` tells which. Stopping ends held
connections first and takes about a second at most, whatever the clients do.
"""

import asyncio
import resource
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chalicelib.onebox.asgi import App
from chalicelib.onebox.relay.connection import EXTENSION, Holder

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 15.0
LINGER_SECONDS = 2.0
# Longer than clients keep an idle connection to use it again (httpx 5 s, curl and so Pushpin 118 s): when both ends
# choose the same moment, a request is lost.
IDLE_SECONDS = 180
STOP_SECONDS = 1
BACKLOG = 2048


class AddressInUse(Exception):
    """Another process listens on the address already."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port} is in use by another program")


class HoldingProtocol(HttpToolsProtocol):
    """A connection that can be taken over from its request; it implements `relay.connection.Connection`."""

    def __init__(
        self,
        config: Config,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._holder: Holder | None = None
        self._detached = False
        self._gone = False
        self._congested = False
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None

    # -- what a holder does -------------------------------------------------------------

    def watch(self, holder: Holder | None) -> None:
        self._holder = holder
        if holder is not None and self._gone:
            holder.connection_lost()

    def detach(self) -> None:
        cycle = self.cycle
        self._detached = True
        self._congested = bool(self.flow and self.flow.write_paused)
        cycle.keep_alive, cycle.response_complete = False, True
        self._let_go_of_the_request()

    def write(self, data: bytes) -> None:
        if not self._gone:
            self.transport.write(data)

    def unsent(self) -> int:
        return 0 if self._gone else self.transport.get_write_buffer_size()

    def congested(self) -> bool:
        return self._congested and not self._gone

    def finish(self) -> None:
        if not self._gone:
            self.transport.write(b"0\r\n\r\n")
            self.transport.close()
            self._expect(LINGER_SECONDS)

    def abort(self) -> None:
        if not self._gone:
            self.transport.abort()

    def _let_go_of_the_request(self) -> None:
        """What a held connection does not need any more, it does not keep."""
        forgotten: dict[str, object] = {
            "scope": None,
            "headers": None,
            "cycle": None,
            "parser": None,
            "flow": None,
            "url": b"",
            "pipeline": deque(maxlen=0),
        }
        self.__dict__.update(forgotten)

    # -- what the transport tells -------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._expect(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._expect(None)
        super().connection_lost(exc)
        if self._holder is not None:
            self._holder.connection_lost()
            self._holder = None

    def data_received(self, data: bytes) -> None:
        if self._detached:
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > HEAD_BYTES and self.scope is not None and "path" not in self.scope:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect(HEAD_SECONDS)
        extended: dict[str, Any] = {EXTENSION: self}
        self.scope["extensions"] = extended

    def on_headers_complete(self) -> None:
        self._expect(None)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        unread = self.cycle is not None and self.cycle.more_body
        super().on_response_complete()
        if unread:
            self._expect(LINGER_SECONDS)

    def pause_writing(self) -> None:
        self._congested = True
        if not self._detached:
            super().pause_writing()

    def resume_writing(self) -> None:
        self._congested = False
        if not self._detached:
            super().resume_writing()
        elif self._holder is not None:
            self._holder.connection_writable()

    def shutdown(self) -> None:
        if self._holder is not None:
            self._holder.server_stopping()
        if not self._detached:
            super().shutdown()

    # -- limits -------------------------------------------------------------------------

    def _expect(self, seconds: float | None) -> None:
        """Close the connection unless what is due comes in time."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._overdue)

    def _overdue(self) -> None:
        if not self._gone:
            self.transport.abort()

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()


class ClosingServer(uvicorn.Server):
    """Leaves no connection behind: the loop would wait for ever for one whose client does not read."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, HoldingProtocol):
                connection.abort()
        await asyncio.sleep(0)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A signal ends the server and no more: uvicorn raises it again, before the rest of the process is closed."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


class HttpServer:
    def __init__(self, app: App, host: str = "127.0.0.1", port: int = 0, idle_seconds: int = IDLE_SECONDS) -> None:
        """`idle_seconds`: until a connection without a request is closed."""
        self._socket = self._bind(host, port)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        config = Config(
            app,
            http=HoldingProtocol,
            loop="uvloop",
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=idle_seconds,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = ClosingServer(config)
        self._thread: threading.Thread | None = None

    @staticmethod
    def _bind(host: str, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            raise AddressInUse(host, port) from error
        return listening

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def run(self) -> None:
        """Serve in this thread until told to stop, by a signal or by `stop`."""
        allow_many_files()
        self._server.run(sockets=[self._socket])

    def start(self) -> "HttpServer":
        """Serve in the background. The socket listens already, so that requests may be sent at once."""
        self._thread = threading.Thread(target=self.run, name="http", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> "HttpServer":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()


def allow_many_files() -> None:
    """Every held stream is an open file; the soft limit is often 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
