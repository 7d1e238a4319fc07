"""An origin whose answers a test writes down, and which remembers what it was asked."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.onebox.asgi import Receive, Scope, Send, respond

DEADLINE = 30.0


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int
    grip_last: tuple[str, ...]
    """Every `Grip-Last`; of other headers that come several times, `headers` has the last."""


@dataclass(frozen=True)
class Given:
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200


Handler = Callable[[Asked], Given]


def hold(
    body: bytes, *channels: str, link: str | None = None, mode: str = "stream", timeout: int = 0, keep: str = ""
) -> Given:
    headers = [("Content-Type", "text/plain"), ("Grip-Hold", mode)]
    headers += [("Grip-Channel", channel) for channel in channels]
    if link:
        headers.append(("Grip-Link", link))
    if timeout:
        headers.append(("Grip-Timeout", str(timeout)))
    if keep:
        headers.append(("Grip-Keep-Alive", keep))
    return Given(body, tuple(headers))


def always(given: Given) -> Handler:
    return lambda asked: given


class Origin:
    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._asked: list[Asked] = []
        self._changed = threading.Condition()

    def on(self, path: str, handler: Handler | Given) -> None:
        self._handlers[path] = always(handler) if isinstance(handler, Given) else handler

    def asked(self, path: str) -> list[Asked]:
        with self._changed:
            return [asked for asked in self._asked if asked.path == path]

    def wait_asked(self, path: str, times: int) -> Asked:
        """The request that made it so many, waited for."""
        with self._changed:
            found = self._changed.wait_for(lambda: len(self.asked_unlocked(path)) >= times, DEADLINE)
            assert found, f"{path} was asked {len(self.asked_unlocked(path))} times, not {times}"
            return self.asked_unlocked(path)[times - 1]

    def asked_unlocked(self, path: str) -> list[Asked]:
        return [asked for asked in self._asked if asked.path == path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        with self._changed:
            number = len(self.asked_unlocked(scope["path"])) + 1
            grip_last = tuple(value.decode() for name, value in scope["headers"] if name.lower() == b"grip-last")
            asked = Asked(scope["method"], scope["path"], headers, bytes(body), number, grip_last)
            self._asked.append(asked)
        handler = self._handlers.get(scope["path"], always(Given(b"no", status=404)))
        given = await asyncio.to_thread(handler, asked)
        with self._changed:
            self._changed.notify_all()
        pairs = [(name.lower().encode(), value.encode()) for name, value in given.headers]
        await respond(send, given.status, pairs, given.body)
