"""Who comes to the program behind Pushpin, and where it says they come from."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.onebox.asgi import Receive, Scope, Send, respond
from chalicelib.onebox.pushpin import Pushpin, PushpinOrigin, origin_server
from chalicelib.onebox.pushpin.origin import is_signed
from tests.contract.grip.pushpin import must_be_installed

KEY = b"the key of this run"
HOUR = 3600


def token(key: bytes = KEY, alg: str = "HS256", **claims: object) -> bytes:
    parts = [{"typ": "JWT", "alg": alg}, {"iss": "pushpin", "exp": int(time.time()) + HOUR} | claims]
    signed = b".".join(encoded(json.dumps(part).encode()) for part in parts)
    return signed + b"." + encoded(hmac.new(key, signed, hashlib.sha256).digest())


def encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def test_what_pushpin_signed_is_known() -> None:
    assert is_signed(token(), KEY)


FORGED = {
    "nothing": b"",
    "no parts": b".",
    "empty parts": b"..",
    "no text": b"\xff.\xff.\xff",
    "another key": token(b"another key"),
    "too old": token(exp=int(time.time()) - 1),
    "no time": token(exp="never"),
    "another issuer": token(iss="somebody"),
    "another signature": token()[:-2] + b"AA",
    "no signature": token().rpartition(b".")[0] + b".",
    "no algorithm": encoded(b'{"alg":"none"}') + b"." + token().split(b".")[1] + b".",
}


@pytest.mark.parametrize("forged", FORGED)
def test_nothing_else_is(forged: str) -> None:
    assert not is_signed(FORGED[forged], KEY)


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what an application behind Pushpin is told of the request."""
    headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
    await respond(send, 200, [], json.dumps({"client": scope["client"][0], "headers": headers}).encode())


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """(of a real Pushpin, of the origin behind it)"""
    must_be_installed()
    origin = PushpinOrigin(tell)
    folder: Path = tmp_path_factory.mktemp("pushpin")
    with origin_server(origin) as server:
        pushpin = Pushpin(folder, server.port, origin.key)
        pushpin.start()
        pushpin.wait_until_ready(origin.ready)
        origin.is_open = True
        yield pushpin.port, server.port
        pushpin.end()
        pushpin.release()


def asked(port: int, *headers: tuple[str, str], source: str = "127.0.0.1") -> tuple[int, str, list[tuple[str, str]]]:
    """(status, address, headers) as the application sees a request with `headers` from `source`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    connection.putrequest("GET", "/who", skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told.get("client", ""), [(name, value) for name, value in told.get("headers", [])]


def test_the_address_is_where_the_client_is(ports: tuple[int, int]) -> None:
    assert asked(ports[0], source="127.0.0.5")[1] == "127.0.0.5"


@pytest.mark.parametrize(
    ("claims", "left"),
    [
        (["127.0.0.1"], "127.0.0.1"),
        (["127.0.0.1, 10.0.0.1"], "127.0.0.1, 10.0.0.1"),
        (["127.0.0.1", "10.0.0.1"], "127.0.0.1, 10.0.0.1"),
        (['a,,"b'], 'a, , "b'),
    ],
)
def test_an_address_that_is_claimed_stays_a_claim(ports: tuple[int, int], claims: list[str], left: str) -> None:
    """A proxy's mark stays, too: behind one, nobody is taken for the owner at the machine."""
    _, address, headers = asked(ports[0], *(("X-Forwarded-For", claim) for claim in claims), source="127.0.0.5")
    assert address == "127.0.0.5"
    (told,) = [value for name, value in headers if name == "x-forwarded-for"]
    assert told.replace(" ", "") == left.replace(" ", "")


def test_the_host_and_the_marks_of_proxies_arrive_as_they_were_sent(ports: tuple[int, int]) -> None:
    sent = [("via", "1.1 a"), ("forwarded", "for=1.2.3.4"), ("x-real-ip", "1.2.3.4"), ("x-forwarded-proto", "https")]
    _, _, headers = asked(ports[0], *sent)
    assert set(headers) >= {*sent, ("host", f"127.0.0.1:{ports[0]}")}


def test_what_is_between_the_relay_and_the_program_cannot_be_sent_by_a_client(ports: tuple[int, int]) -> None:
    _, _, headers = asked(ports[0], ("Grip-Sig", token().decode()), ("Grip-Last", "ws-1; last-id=5"))
    assert [name for name, _ in headers if name.startswith("grip-") or name == "x-forwarded-for"] == []


@pytest.mark.parametrize("signature", ["", "nonsense", token().decode()], ids=["none", "nonsense", "another key"])
def test_who_comes_past_pushpin_is_refused(ports: tuple[int, int], signature: str) -> None:
    status, *_ = asked(ports[1], ("Grip-Sig", signature), ("X-Forwarded-For", "127.0.0.1"))
    assert status == 403
