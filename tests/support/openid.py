"""An OpenID Connect provider of our own, on the loopback, which can be told to do wrong.

It checks what a strict provider checks (the client, its redirect address, PKCE with S256, each code once) and signs
everybody in as `person` without asking. `claims` override what its ID tokens say (None: the claim is left out),
`forge` makes the token in another way, and `answers` replace what a path answers.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jwt

from chalicelib.kernel import clock

Json = dict[str, Any]
Answer = tuple[int, bytes] | None
CLIENT_ID, CLIENT_SECRET = "handrail-client", "a secret/with: marks"
DISCOVERY = "/.well-known/openid-configuration"


@lru_cache
def private_key(number: int) -> str:
    """The PEM of one of a few keys that are made once."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def public_jwk(number: int, kid: str) -> Json:
    public = jwk.construct(private_key(number), "RS256").public_key().to_dict()
    return {**public, "kid": kid, "use": "sig", "alg": "RS256"}


class FakeProvider:
    def __init__(self) -> None:
        self.person: Json = {"sub": "1", "email": "ada@example.com", "name": "Ada", "email_verified": True}
        self.claims: Json = {}
        self.metadata: Json = {}
        self.forge: Callable[[FakeProvider, Json], str] | None = None
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.denies = False
        self.secret = CLIENT_SECRET
        self.asked: list[str] = []
        self.authorized: Json = {}
        self.keys = {"first": 1}
        self.signs_with = "first"
        self.released = threading.Event()
        self.dripping: socket.socket | None = None
        self._codes: dict[str, Json] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def settings(self) -> Json:
        return {
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_discovery_url": self.issuer + DISCOVERY,
            "sign_in_allowed": "example.com",
        }

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def hangs(self) -> Answer:
        """Says nothing until the test is over."""
        self.released.wait(30)
        return None

    def drips(self) -> Answer:
        """Says something again and again, and never all of it."""
        while not self.released.wait(0.1):
            assert self.dripping is not None
            self.dripping.send(b" ")
        return None

    def rotate_keys(self) -> None:
        self.keys, self.signs_with = {"second": 2}, "second"

    def sign(self, claims: Json, **more: Any) -> str:
        headers = {"kid": self.signs_with} | more.pop("headers", {})
        token: str = jwt.encode(claims, private_key(self.keys[self.signs_with]), "RS256", headers=headers, **more)
        return token

    # -- what it answers ----------------------------------------------------------------

    def discovery(self) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
        } | self.metadata

    def jwks(self) -> Json:
        return {"keys": [public_jwk(number, kid) for kid, number in self.keys.items()]}

    def authorize(self, query: dict[str, str]) -> str:
        """The address to send the browser back to."""
        assert query["client_id"] == CLIENT_ID
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert {"openid", "email"} <= set(query["scope"].split())
        self.authorized = dict(query)
        if self.denies:
            back = {"error": "access_denied", "error_description": "<b>no</b>", "state": query["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = dict(query)
            back = {"code": code, "state": query["state"], "iss": self.issuer, "scope": "openid", "authuser": "0"}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Json]:
        given = [unquote(part) for part in base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")]
        in_form = "client_secret_post" in self.metadata.get("token_endpoint_auth_methods_supported", ())
        expected = [form.get("client_id"), form.get("client_secret")] if in_form or not self.secret else given
        if expected != [CLIENT_ID, self.secret or None]:
            return 401, {"error": "invalid_client"}
        begun = self._codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            begun is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != begun["redirect_uri"]
            or challenge.decode().rstrip("=") != begun["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        now = clock.epoch(clock.now())
        said = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": begun["nonce"]}
        claims = {name: value for name, value in (said | self.person | self.claims).items() if value is not None}
        made = self.forge(self, claims) if self.forge else self.sign(claims)
        return 200, {"access_token": "unused", "token_type": "Bearer", "expires_in": 300, "id_token": made}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._serve("")

            def do_POST(self) -> None:
                self._serve(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def _serve(self, body: str) -> None:
                address = urlsplit(self.path)
                fake.asked.append(address.path)
                if address.path in fake.answers:
                    fake.dripping = self.connection
                    answer = fake.answers[address.path]()
                    if answer is not None:
                        self._send(*answer)
                elif address.path == "/authorize":
                    self._send(303, b"", fake.authorize(dict(parse_qsl(address.query))))
                elif address.path == "/token":
                    form = dict(parse_qsl(body))
                    status, said = fake.token(form, self.headers.get("Authorization", ""))
                    self._send(status, json.dumps(said).encode())
                else:
                    known = {DISCOVERY: fake.discovery, "/jwks": fake.jwks}
                    self._send(200, json.dumps(known[address.path]()).encode())

            def _send(self, status: int, body: bytes, location: str = "") -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if location:
                    self.send_header("Location", location)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """It says nothing."""

        return Handler


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    fake = FakeProvider()
    try:
        yield fake
    finally:
        fake.stop()
