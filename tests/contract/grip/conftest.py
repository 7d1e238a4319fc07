"""Every test of this folder runs against the embedded relay and against a real Pushpin."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from chalicelib.onebox.http import HttpServer
from chalicelib.onebox.pushpin import origin_server
from chalicelib.onebox.relay import Relay
from tests.contract.grip import pushpin
from tests.contract.grip.origin import Origin
from tests.support.waiting import eventually

Publish = Callable[[Sequence[Mapping[str, object]]], None]


@dataclass(frozen=True)
class Target:
    name: str
    origin: Origin
    port: int
    publish: Publish
    wait_held: Callable[[str], None]
    """Until a response is held on the channel."""


def _embedded() -> Iterator[Target]:
    origin = Origin()
    relay = Relay(origin)
    with HttpServer(relay) as server:
        yield Target(
            "embedded",
            origin,
            server.port,
            relay.publish,
            lambda channel: eventually(lambda: relay.stats().responses == 1),
        )


def _pushpin() -> Iterator[Target]:
    pushpin.must_be_installed()
    origin = Origin()
    with origin_server(origin) as server, pushpin.Pushpin(server.port) as relay:
        relay.warm_up(origin)
        yield Target("pushpin", origin, relay.port, relay.publish, relay.wait_held)


@pytest.fixture(scope="module", params=["embedded", "pushpin"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    yield from {"embedded": _embedded, "pushpin": _pushpin}[request.param]()
