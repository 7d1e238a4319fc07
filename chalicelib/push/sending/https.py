"""The one place from which this server calls a push service: one POST, no redirects, no proxies, no long wait."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from typing import Protocol
from urllib.parse import urlsplit

TIMEOUT = 5.0
_MOST_SAID = 200


class Unreachable(Exception):
    """The push service could not be reached, or did not answer in time."""


@dataclass(frozen=True)
class Answer:
    """`said` is the beginning of its body, for the log. `retry_after` is what it asks to wait, as it says it."""

    status: int
    said: str = ""
    retry_after: str = ""


class Sender(Protocol):
    def post(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the push service answers; raises `Unreachable`."""


class HttpsSender:
    def __init__(self, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT) -> None:
        self._context = context or ssl.create_default_context()
        self._timeout = timeout

    def post(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> Answer:
        address = urlsplit(endpoint)
        path = f"{address.path}?{address.query}" if address.query else address.path
        connection = HTTPSConnection(
            address.hostname or "", address.port, timeout=self._timeout, context=self._context
        )
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            said = answer.read(_MOST_SAID).decode("utf-8", "replace")
        except (OSError, HTTPException) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()
        return Answer(answer.status, said, answer.headers.get("Retry-After", ""))


_sender: Sender | None = None


def send_through(sender: Sender) -> None:
    """Send through `sender` from now on (tests stand in for the push services)."""
    global _sender
    _sender = sender


def sender() -> Sender:
    global _sender
    if _sender is None:
        _sender = HttpsSender()
    return _sender
