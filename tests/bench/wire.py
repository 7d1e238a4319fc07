"""A client that costs next to nothing, so that what is measured is the server.

One connection, HTTP/1.1, no threads: a bench sends on one connection and then reads another until the frame is there.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
Headers = Mapping[str, str]
NONE: Headers = MappingProxyType({})
TIMEOUT = 30.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        value: Json = json.loads(self.body)
        return value


class Wire:
    def __init__(self, url: str, headers: dict[str, str]) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((str(address.hostname), address.port or 80), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = b""
        lines = {"Host": address.netloc, **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    def send(self, method: str, path: str, value: Json | None = None, headers: Headers = NONE) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        own = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        if value is not None:
            own += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._socket.sendall(f"{method} {path} HTTP/1.1\r\n{self._head}{own}\r\n".encode() + body)

    def answer(self) -> Answer:
        status, headers = self._answer_head()
        length = int(headers.get("content-length", "0"))
        while len(self._read) < length:
            self._read += self._receive()
        body, self._read = self._read[:length], self._read[length:]
        return Answer(status, headers, body)

    def ask(self, method: str, path: str, value: Json | None = None, headers: Headers = NONE) -> Answer:
        self.send(method, path, value, headers)
        answer = self.answer()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    def open(self, path: str) -> None:
        """Ask for a stream; returns when it is held."""
        self.send("GET", path, headers={"Accept": "text/event-stream"})
        status, _ = self._answer_head()
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {self._read!r}")
        self.read_until(b"retry: 2000")

    def read_until(self, mark: bytes) -> None:
        """Read on until `mark` has arrived, and forget everything up to it."""
        deadline = monotonic() + TIMEOUT
        while (at := self._read.find(mark)) < 0:
            if monotonic() > deadline:
                raise TimeoutError(f"{mark!r} did not arrive.")
            self._read += self._receive()
        self._read = self._read[at + len(mark) :]

    def fileno(self) -> int:
        return self._socket.fileno()

    def has_read(self, mark: bytes) -> bool:
        """Read what is there; whether `mark` has arrived."""
        self._read += self._receive()
        return mark in self._read

    def read_to_end(self) -> None:
        while self._socket.recv(65536):
            pass
        self._read = b""

    def close(self) -> None:
        self._socket.close()

    def _answer_head(self) -> tuple[int, dict[str, str]]:
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            self._read += self._receive()
        first, *lines = self._read[:end].decode("latin-1").split("\r\n")
        self._read = self._read[end + 4 :]
        pairs = (line.partition(":") for line in lines)
        return int(first.split()[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("The server closed the connection.")
        return data
