"""HTTP to the identity provider, with an end to everything: no redirects, no proxies, so many bytes, so many seconds.

Only https, but for a provider on this machine itself.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlencode, urlsplit

# Of one step (connecting, a piece of the answer), and of all of it.
STEP_SECONDS = 4.0
ALL_SECONDS = 8.0
LARGEST = 256 * 1024
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Unreachable(Exception):
    """The provider could not be reached, or did not give a whole answer in time."""


@dataclass(frozen=True)
class Fetched:
    status: int
    body: bytes


def is_fetchable(url: str) -> bool:
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        return False
    return bool(address.hostname) and (
        address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
    )


def fetch(url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Fetched:
    """GET `url`, or POST `form` to it."""
    if not is_fetchable(url):
        raise Unreachable("its address is not https")
    address = urlsplit(url)
    sent = {"Accept": "application/json", "Connection": "close", **(headers or {})}
    if form is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    connection = _connection(address)
    late = threading.Event()
    watchdog = threading.Timer(ALL_SECONDS, _hang_up, (connection, late))
    watchdog.daemon = True
    watchdog.start()
    try:
        path = f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"
        connection.request("GET" if form is None else "POST", path, urlencode(form) if form else None, sent)
        answer = connection.getresponse()
        body = answer.read(LARGEST + 1)
    except (OSError, HTTPException) as error:
        raise Unreachable("it took too long" if late.is_set() else f"{type(error).__name__}: {error}") from error
    finally:
        watchdog.cancel()
        connection.close()
    if late.is_set():
        raise Unreachable("it took too long")
    if len(body) > LARGEST:
        raise Unreachable(f"it answered with more than {LARGEST} bytes")
    return Fetched(answer.status, body)


def _connection(address: SplitResult) -> HTTPConnection:
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    return kind(address.hostname or "", address.port, timeout=STEP_SECONDS)


def _hang_up(connection: HTTPConnection, late: threading.Event) -> None:
    """Whoever reads from it is told that it ended. TLS must not be closed under their hands, the socket below may."""
    late.set()
    if connection.sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
