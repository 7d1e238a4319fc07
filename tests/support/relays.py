"""The program behind each relay that it must work with: its own, and a real Pushpin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib.kernel import grip
from chalicelib.kernel.relays import Relays, listed
from chalicelib.onebox.asgi import Receive, Scope, Send
from chalicelib.onebox.http import HttpServer
from chalicelib.onebox.program import Program
from tests.contract.grip.origin import Origin
from tests.contract.grip.pushpin import Pushpin


@dataclass(frozen=True)
class Both:
    """Publishes to the program's own relay, whose streams go on, and to another."""

    own: grip.Publisher
    other: grip.Publisher

    def publish(self, items: Sequence[grip.Item]) -> None:
        self.own.publish(items)
        self.other.publish(items)


@contextmanager
def behind_pushpin(program: Program) -> Iterator[str]:
    """The address of the program behind a Pushpin."""
    ready = Origin()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await (ready if scope["path"] == "/ready" else program.gateway)(scope, receive, send)

    with HttpServer(serve) as server, Pushpin(server.port) as pushpin:
        pushpin.warm_up(ready)
        grip.publish_through(Both(program.relay, Relays(listed(pushpin.publish_url))))
        try:
            yield pushpin.url
        finally:
            grip.publish_through(program.relay)
