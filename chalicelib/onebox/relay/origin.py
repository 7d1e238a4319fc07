"""Following a next link: a request of the relay's own to the origin, in process."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from chalicelib.onebox.asgi import App, Headers, Message, Scope
from chalicelib.onebox.relay import grip
from chalicelib.onebox.relay.grip import Instruct
from chalicelib.onebox.relay.surroundings import FetchFailed

log = logging.getLogger("handrail.relay")


def grip_last(positions: Mapping[str, str]) -> Headers:
    return [(b"grip-last", f"{name}; last-id={last}".encode("latin-1")) for name, last in positions.items()]


# Thousands of streams may follow their links at once; the clients' own requests must not wait behind all of them.
MOST_AT_ONCE = 4


class Origin:
    def __init__(self, app: App, signature: Callable[[], str] | None) -> None:
        self._app = app
        self._signature = signature
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def fetch(self, uri: str, host: bytes, positions: Mapping[str, str]) -> tuple[Instruct | None, bytes]:
        """The page behind the link. `FetchFailed`: an error answer; `GripError`: a senseless one."""
        status, headers, body = 500, Headers(), bytearray()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message.get("headers", []))
            else:
                body.extend(message.get("body", b""))

        try:
            async with self._places:
                await self._app(self._scope(uri, host, positions), receive, send)
        except Exception as error:
            log.exception("the next link failed")
            raise FetchFailed from error
        if status >= 400:
            raise FetchFailed(f"the next link answered {status}")
        return grip.instruct(headers), bytes(body)

    def _scope(self, uri: str, host: bytes, positions: Mapping[str, str]) -> Scope:
        parts = urlsplit(uri)
        headers: Headers = [(b"host", host), (b"accept", b"*/*"), *grip_last(positions)]
        if self._signature is not None:
            headers.append((b"grip-sig", self._signature().encode("latin-1")))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode("latin-1"),
            "query_string": parts.query.encode("latin-1"),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": None,
        }
