"""The program behind each relay that it must work with: its own, and a real Pushpin."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from chalicelib.kernel import grip
from chalicelib.kernel.relays import Relays
from chalicelib.onebox.asgi import App, Message, Receive, Scope, Send, header
from chalicelib.onebox.program import Program
from chalicelib.onebox.pushpin import NotStarted, Pushpin, PushpinOrigin, Supervisor, origin_server
from tests.contract.grip.pushpin import must_be_installed
from tests.support.front import Front

EMBEDDED, PUSHPIN = "embedded", "pushpin"


@dataclass(frozen=True)
class Both:
    """Publishes to the program's own relay, whose streams go on, and to another."""

    own: grip.Publisher
    other: grip.Publisher

    def publish(self, items: Sequence[grip.Item]) -> None:
        self.own.publish(items)
        self.other.publish(items)


class Behind:
    """The program as a Pushpin reaches it: without its own relay, with the front that stands before that."""

    held = 0
    """How many calls any Pushpin was told to hold."""

    def __init__(self, program: Program) -> None:
        self._program = program

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if header(message.get("headers", ()), b"grip-hold") == b"response":
                Behind.held += 1
            await send(message)

        app: App = self._program.gateway
        front = vars(self._program)["relay"]
        if isinstance(front, Front):
            await front.through(app, scope, receive, counted)
        else:
            await app(scope, receive, counted)


def calls_held(program: Program) -> int:
    """Grows by one, at least, when a relay holds one more call."""
    return program.relay.stats().responses + Behind.held


@contextmanager
def relayed(program: Program, relay: str) -> Iterator[str]:
    """The address of the program behind a relay."""
    if relay == EMBEDDED:
        yield program.url
        return
    must_be_installed()
    with behind_pushpin(program) as url:
        yield url


@contextmanager
def behind_pushpin(program: Program) -> Iterator[str]:
    """The address of the program behind a Pushpin that is run as `HANDRAIL_RELAY=pushpin` runs it."""
    origin = PushpinOrigin(Behind(program))
    with tempfile.TemporaryDirectory() as folder, origin_server(origin) as server:
        pushpin = Pushpin(Path(folder), server.port, origin.key)
        supervisor = Supervisor(pushpin, origin)
        ready: SimpleQueue[NotStarted | None] = SimpleQueue()
        supervisor.start(ready.put)
        try:
            assert ready.get(timeout=30) is None
            grip.publish_through(Both(program.relay, Relays(lambda: [pushpin.publish_url])))
            yield pushpin.url
        finally:
            grip.publish_through(program.relay)
            supervisor.stop()
