"""Push services and browsers for tests: what a browser gives to the server, and what arrives for it.

Endpoints are those of real services; only the sending is led to a server on the loopback, which notes each request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jose import jwt

from chalicelib.kernel import clock
from chalicelib.push.sending import https
from chalicelib.push.sending.https import Answer
from tests.support.clients import Json, Person
from tests.support.waiting import DEADLINE

HOST = "fcm.googleapis.com"


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Nowhere:
    """Push services that take everything and deliver nothing."""

    def post(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return Answer(201)


class Loopback:
    """Sends to a server on this machine what would go to the push service."""

    def __init__(self, port: int) -> None:
        self._port = port

    def post(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> Answer:
        address = urlsplit(endpoint)
        connection = HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        try:
            connection.request("POST", address.path, body, {**headers, "Host": address.hostname or ""})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), answer.headers.get("Retry-After", ""))
        except OSError as error:
            raise https.Unreachable(str(error)) from error
        finally:
            connection.close()


@dataclass
class Posted:
    host: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushServices:
    """`statuses` by path: what to answer; 201 where it says nothing. `held` by host: answers only when it is set."""

    posted: list[Posted] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    held: dict[str, threading.Event] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    def take(self, posted: Posted) -> int:
        with self.changed:
            self.posted.append(posted)
            self.changed.notify_all()
        if posted.host in self.held:
            self.held[posted.host].wait(DEADLINE)
        return self.statuses.get(posted.path, 201)

    def wait_for(self, fits: Callable[[Posted], bool], count: int = 1) -> list[Posted]:
        def found() -> list[Posted]:
            return [one for one in self.posted if fits(one)]

        with self.changed:
            self.changed.wait_for(lambda: len(found()) >= count, DEADLINE)
            assert len(found()) >= count, f"{len(found())} of {count} arrived among {len(self.posted)}"
            return found()


def _handler(services: PushServices) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = services.take(Posted(headers["host"], self.path, headers, body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status == 429:
                self.send_header("Retry-After", "120")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    return Handler


@contextmanager
def push_services() -> Iterator[PushServices]:
    services = PushServices()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(services))
    services.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield services
    finally:
        for event in services.held.values():
            event.set()
        server.shutdown()
        server.server_close()
        thread.join(DEADLINE)


class Browser:
    """What a browser keeps of its subscription, and how it reads what arrives (RFC 8291, by hand)."""

    def __init__(self, host: str = HOST) -> None:
        self.path = f"/fcm/send/{secrets.token_urlsafe(24)}"
        self.endpoint = f"https://{host}{self.path}"
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth = secrets.token_bytes(16)

    def subscription(self, name: str = "Firefox on laptop") -> Json:
        keys = {"p256dh": base64url(self.point), "auth": base64url(self.auth)}
        return {"endpoint": self.endpoint, "keys": keys, "name": name}

    def registered(self, person: Person, name: str = "Firefox on laptop") -> Json:
        device: Json = person.ask("POST", "/api/push/devices", 201, json=self.subscription(name))
        return device

    def is_for(self, posted: Posted) -> bool:
        return posted.path == self.path

    def read(self, posted: Posted) -> Json:
        assert posted.headers["content-encoding"] == "aes128gcm"
        body = posted.body
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size <= 4096
        assert len(body) <= 4096
        shared = self.private.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        )
        secret = _hkdf(self.auth, shared, b"WebPush: info\0" + self.point + sender, 32)
        key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert padded[-1:] == b"\2"
        content: Json = json.loads(padded[:-1])
        return content


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    derived = hmac.digest(salt, secret, hashlib.sha256)
    return hmac.digest(derived, info + b"\1", hashlib.sha256)[:length]


def claims_of(posted: Posted, public_key: str) -> Json:
    """What the server signed for the push service, checked as a push service checks it (RFC 8292)."""
    scheme, _, rest = posted.headers["authorization"].partition(" ")
    parameters = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, parameters["k"]) == ("vapid", public_key)
    point = unbase64url(parameters["k"])
    assert len(point) == 65
    key = {"kty": "EC", "crv": "P-256", "x": base64url(point[1:33]), "y": base64url(point[33:])}
    assert jwt.get_unverified_header(parameters["t"])["alg"] == "ES256"
    claims: Json = jwt.decode(parameters["t"], key, algorithms=["ES256"], audience=f"https://{posted.host}")
    assert 0 < claims["exp"] - clock.epoch(clock.now()) <= 24 * 3600
    return claims
