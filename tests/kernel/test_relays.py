"""Publishing to every relay there is."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chalicelib.kernel import grip, relays
from chalicelib.kernel.relays import NotPublished, Relays, listed


class Endpoint:
    """Where a relay takes items; it notes them, and answers with `status`."""

    def __init__(self) -> None:
        self.bodies: list[list[dict[str, Any]]] = []
        self.paths: list[str] = []
        self.status = 200
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if endpoint.status == 200:
                    endpoint.bodies.append(body["items"])
                    endpoint.paths.append(self.path)
                self.send_response(endpoint.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for body in self.bodies for item in body]


@pytest.fixture
def endpoints() -> Iterator[list[Endpoint]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Endpoint()) for _ in range(3)]


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


FRAMES = [grip.frame("ws-1", f"data: {seq} ümlaut\n\n", seq) for seq in (1, 2)]


def test_every_relay_gets_all_items_in_order(endpoints: list[Endpoint]) -> None:
    Relays(listed(", ".join(endpoint.url for endpoint in endpoints))).publish(FRAMES)
    assert [endpoint.items for endpoint in endpoints] == [FRAMES] * 3


def test_an_address_may_have_a_path(endpoints: list[Endpoint]) -> None:
    Relays(listed(f"{endpoints[0].url}/realm/")).publish(FRAMES)
    assert endpoints[0].paths == ["/realm/publish/"]


def test_relays_may_come_and_go(endpoints: list[Endpoint]) -> None:
    there = [endpoints[0].url]
    publisher = Relays(lambda: there)
    publisher.publish(FRAMES[:1])
    there[:] = [endpoints[1].url]
    publisher.publish(FRAMES[1:])
    assert [endpoint.items for endpoint in endpoints[:2]] == [FRAMES[:1], FRAMES[1:]]


def test_one_that_is_gone_keeps_nothing_from_the_others(endpoints: list[Endpoint], nobody: str) -> None:
    Relays(lambda: [nobody, endpoints[0].url, endpoints[1].url]).publish(FRAMES)
    assert [endpoint.items for endpoint in endpoints[:2]] == [FRAMES, FRAMES]


def test_one_that_does_not_take_the_items_gets_them_again_and_the_others_have_them(
    endpoints: list[Endpoint],
) -> None:
    endpoints[0].status = 500
    publisher = Relays(lambda: [endpoint.url for endpoint in endpoints])
    with pytest.raises(NotPublished, match="500"):
        publisher.publish(FRAMES)
    endpoints[0].status = 200
    publisher.publish(FRAMES)
    assert endpoints[0].items == FRAMES
    assert endpoints[1].items == endpoints[2].items == FRAMES * 2


def test_one_that_hangs_up_without_an_answer_gets_the_items_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True).start()
        with pytest.raises(NotPublished, match="did not answer"):
            Relays(listed(f"http://127.0.0.1:{listening.getsockname()[1]}")).publish(FRAMES)


def test_one_that_never_answers_is_not_waited_for_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(NotPublished, match="did not answer"):
        Relays(listed(f"http://127.0.0.1:{listening.getsockname()[1]}"), answer_seconds=0.05).publish(FRAMES)


def test_that_there_is_no_relay_at_all_is_an_error(nobody: str) -> None:
    with pytest.raises(NotPublished, match="no relay can be reached"):
        Relays(listed(nobody)).publish(FRAMES)
    with pytest.raises(NotPublished, match="there is no relay"):
        Relays(listed("")).publish(FRAMES)


def test_more_than_a_relay_takes_at_once_goes_in_several_bodies(endpoints: list[Endpoint]) -> None:
    large = [grip.frame("ws-1", "x" * 150_000, seq) for seq in range(1, 8)]
    Relays(listed(endpoints[0].url)).publish(large)
    assert endpoints[0].items == large
    assert [len(body) for body in endpoints[0].bodies] == [2, 2, 2, 1]
    assert relays.MOST_BYTES < 1_000_000
