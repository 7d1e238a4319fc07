"""Stands between browsers and the program: counts the event streams on the wire, and lets them die in silence."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from urllib.parse import urlsplit

STREAM = re.compile(rb"^GET /api/(workspaces/\w+/)?events[? ]")


class Proxy:
    """Serves at `url` what is at `target`, until it is closed."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target).netloc
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._connections: set[_Connection] = set()
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # A thread that waits in accept() is woken by shutdown(), not by close().
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._all():
            connection.end()

    @property
    def streams(self) -> int:
        """How many event streams are open, frozen ones left out."""
        return len(self._streams())

    def freeze_streams(self) -> None:
        """The open event streams stay open, and nothing comes through them ever again."""
        for connection in self._streams():
            connection.frozen = True

    def _streams(self) -> list[_Connection]:
        return [one for one in self._all() if one.is_stream and not one.frozen]

    def _all(self) -> list[_Connection]:
        with self._lock:
            return list(self._connections)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        host, _, port = self._target.partition(":")
        try:
            server = socket.create_connection((host, int(port)))
        except OSError:
            client.close()
            return
        connection = _Connection(client, server)
        with self._lock:
            self._connections.add(connection)
        connection.run()
        with self._lock:
            self._connections.discard(connection)


class _Connection:
    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._client, self._server = client, server
        self.is_stream = False
        self.frozen = False

    def run(self) -> None:
        """Passes on in both directions, until either side hangs up."""
        answers = threading.Thread(target=self._pass_on, args=(self._server, self._client), daemon=True)
        answers.start()
        self._pass_on(self._client, self._server)
        answers.join()
        self._client.close()
        self._server.close()

    def end(self) -> None:
        for side in (self._client, self._server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source is self._client:
                    self.is_stream = STREAM.match(data) is not None
                if not self.frozen:
                    target.sendall(data)
        self.end()
