"""The ASGI types that the one-machine stack's applications share, and the problem answer they all
give.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


async def respond(
    send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, *, head: bool = False
) -> None:
    """A whole answer at once, with its Content-Length where the status allows one, without body for a HEAD."""
    complete = [pair for pair in headers if pair[0].lower() != b"content-length"]
    if status not in (204, 304):
        complete.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": complete})
    await send({"type": "http.response.body", "body": b"" if head or status in (204, 304) else body})


def problem(status: int, code: str, detail: str) -> bytes:
    title = HTTPStatus(status).phrase
    document = {
        "type": f"urn:handrail:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return json.dumps(document).encode()


async def respond_problem(
    send: Send, status: int, code: str, detail: str, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    kind = (b"content-type", b"application/problem+json")
    await respond(send, status, [kind, *headers], problem(status, code, detail))


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The first value of a header; names are lower case in ASGI."""
    return next((value for key, value in headers if key == name), None)
