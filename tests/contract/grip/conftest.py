"""Every test of this folder runs against the embedded relay and against a real Pushpin."""

import http.client
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from chalicelib.onebox.http import HttpServer
from chalicelib.onebox.relay import Relay
from tests.contract.grip import pushpin
from tests.contract.grip.origin import Origin, hold

DEADLINE = 10.0
Publish = Callable[[Sequence[Mapping[str, object]]], None]


def wait_until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(DEADLINE / 0.005)):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not come to be in time")


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
            lambda channel: wait_until(lambda: relay.stats().responses == 1),
        )


def _pushpin() -> Iterator[Target]:
    if not pushpin.installed():
        reason = "pushpin is not installed (apt-get install pushpin)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    origin = Origin()
    with HttpServer(origin) as server, pushpin.Pushpin(server.port) as relay:
        _warm_up(origin, relay)
        yield Target("pushpin", origin, relay.port, relay.publish, relay.wait_held)


def _warm_up(origin: Origin, relay: pushpin.Pushpin) -> None:
    """Pushpin accepts connections before its processes have found each other; what comes then is lost."""
    origin.on("/ready", hold(b"", "ready"))
    frame = {"channel": "ready", "formats": {"http-stream": {"content": "ready\n"}}}

    def delivers() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", relay.port, timeout=0.5)
        try:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            relay.publish([frame])
            return answer.readline() == b"ready\n"
        except OSError:
            return False
        finally:
            connection.close()

    wait_until(delivers)


@pytest.fixture(scope="module", params=["embedded", "pushpin"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    yield from {"embedded": _embedded, "pushpin": _pushpin}[request.param]()
