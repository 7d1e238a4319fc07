"""The HTTP server's own promises."""

import socket
import time

import pytest

from chalicelib.onebox.asgi import Receive, Scope, Send, respond
from chalicelib.onebox.http import AddressInUse, HttpServer
from chalicelib.onebox.relay import Relay
from tests.contract.grip.client import opened
from tests.contract.grip.origin import Origin, hold
from tests.support.waiting import eventually


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, 200, [], b"hello")


def test_port_zero_takes_a_free_port_and_tells_which() -> None:
    with HttpServer(hello) as server, opened(server.port, "/") as answer:
        assert answer.rest() == "hello"
        assert server.url == f"http://127.0.0.1:{server.port}"


def test_a_port_in_use_is_an_error_of_its_own() -> None:
    with HttpServer(hello) as server, pytest.raises(AddressInUse, match=str(server.port)):
        HttpServer(hello, port=server.port)


def test_stopping_takes_about_a_second_even_if_a_client_reads_nothing() -> None:
    origin = Origin()
    origin.on("/s", hold(b"x" * 20_000_000, "s"))
    relay = Relay(origin)
    server = HttpServer(relay).start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /s HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: relay.stats().streams == 1)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 5
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_client_may_send_after_its_stream_is_held_without_disturbing_it() -> None:
    origin = Origin()
    origin.on("/s", hold(b"hello\n", "s"))
    relay = Relay(origin)
    with HttpServer(relay) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(10)
        client.sendall(b"GET /s HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: relay.stats().streams == 1)
        client.sendall(b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n")
        relay.publish([{"channel": "s", "formats": {"http-stream": {"content": "still here\n"}}}])
        received = b""
        while b"still here" not in received:
            received += client.recv(4096)
    assert origin.asked("/other") == []


@pytest.mark.parametrize("nonsense", [b"\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\x00 HTTP/1.1\r\n\r\n"])
def test_nonsense_gets_a_bad_request_and_the_server_goes_on(nonsense: bytes) -> None:
    with HttpServer(hello) as server:
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(nonsense)
            assert client.recv(4096).startswith(b"HTTP/1.1 400")
        with opened(server.port, "/") as answer:
            assert answer.rest() == "hello"


def test_an_idle_connection_is_kept_for_as_long_as_it_says() -> None:
    request, answers = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", []
    with (
        HttpServer(hello, idle_seconds=1) as hasty,
        HttpServer(hello, idle_seconds=60) as patient,
        socket.create_connection(("127.0.0.1", hasty.port), 10) as short,
        socket.create_connection(("127.0.0.1", patient.port), 10) as long,
    ):
        for client in (short, long):
            client.sendall(request)
            answers.append(client.recv(4096))
        assert short.recv(4096) == b""
        long.sendall(request)
        answers.append(long.recv(4096))
    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * 3
