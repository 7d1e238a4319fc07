"""Stands before the program's relay for one test: notes what MCP clients send, and may complete it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from chalicelib.onebox.asgi import App, Message, Receive, Scope, Send
from chalicelib.onebox.program import Program
from chalicelib.onebox.relay import Relay, Stats
from tests.support.clients import Json

Complete = Callable[[dict[str, str], Json], None]


@dataclass
class Front:
    """`heard` holds, in order, the JSON-RPC method of each POST, and the HTTP method of everything else.

    `complete` gets the headers of a request and the message in it, and may change both.
    """

    relay: Relay
    complete: Complete | None = None
    heard: list[str] = field(default_factory=list)

    def stats(self) -> Stats:
        return self.relay.stats()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.through(self.relay, scope, receive, send)

    async def through(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/mcp/"):
            await app(scope, receive, send)
            return
        body = await whole(receive)
        message = message_in(body)
        self.heard.append(str(message.get("method")) if scope["method"] == "POST" else scope["method"])
        if self.complete is not None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            before = json.dumps(message)
            self.complete(headers, message)
            if json.dumps(message) != before:
                body = json.dumps(message).encode()
                headers["content-length"] = str(len(body))
            encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
            scope = {**scope, "headers": encoded}
        await app(scope, first(body, receive), send)


@contextmanager
def front(program: Program, complete: Complete | None = None) -> Iterator[Front]:
    relay = program.relay
    standing = Front(relay, complete)
    vars(program)["relay"] = standing
    try:
        yield standing
    finally:
        program.relay = relay


async def whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def first(body: bytes, receive: Receive) -> Receive:
    """What `receive` gives, after the body that was read from it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def message_in(body: bytes) -> Json:
    try:
        message = json.loads(body)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
