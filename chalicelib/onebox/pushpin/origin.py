"""What a Pushpin of our own is in front of: only its requests get through, and they come from where it says.

    client ──► Pushpin ──► X-Forwarded-For: <what the client wrote>, <where it is>   Grip-Sig: <signed>
                                                                │
                     scope["client"] is where it is; what the client wrote stays in the header, as it would without

A request that follows a next link is Pushpin's own and has no address. Whoever comes past Pushpin has no signature
and is refused: else anybody on this machine could claim to come from anywhere.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import time

import msgspec

from chalicelib.kernel.decoding import decode
from chalicelib.onebox.asgi import App, Headers, Receive, Scope, Send, header, respond, respond_problem
from chalicelib.onebox.http import HttpServer

LONGEST_WAIT, POLL = 5.0, 0.01
_OF_PUSHPIN = {b"grip-sig", b"grip-feature"}


def origin_server(app: App) -> HttpServer:
    """Serves what is behind a Pushpin of this machine, on a free port."""
    return HttpServer(app)


class _Claims(msgspec.Struct):
    exp: int
    iss: str


class PushpinOrigin:
    """The ASGI application behind Pushpin. At `ready` it holds whoever asks, to show that all is in place.

    Until then others wait: Pushpin passes requests on before it can hold what is answered.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.key = secrets.token_hex(32)
        self.ready = f"/{secrets.token_hex(16)}"
        self.is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif not is_signed(header(scope["headers"], b"grip-sig") or b"", self.key.encode()):
            detail = "This address is for the relay of this program. Use the address that the program prints."
            await respond_problem(send, 403, "not_through_relay", detail)
        elif scope["path"] == self.ready:
            await respond(send, 200, held(self.ready), b"")
        else:
            for _ in range(int(LONGEST_WAIT / POLL)):
                if self.is_open:
                    break
                await asyncio.sleep(POLL)
            await self._app(_as_it_came(scope), receive, send)


def held(channel: str) -> Headers:
    return [(b"content-type", b"text/plain"), (b"grip-hold", b"stream"), (b"grip-channel", channel.encode())]


def is_signed(token: bytes, key: bytes) -> bool:
    """Whether this is a JSON Web Token of Pushpin's, signed with our key by HMAC-SHA256, and not too old."""
    signed, _, signature = token.rpartition(b".")
    expected = hmac.new(key, signed, hashlib.sha256).digest()
    try:
        if not hmac.compare_digest(_decoded(signature), expected):
            return False
        claims = decode(_decoded(signed.partition(b".")[2]), _Claims)
    except (binascii.Error, ValueError):
        return False
    return claims.iss == "pushpin" and claims.exp > time.time()


def _decoded(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def _as_it_came(scope: Scope) -> Scope:
    """The request as the client sent it: with its address, and without what Pushpin added."""
    headers = [pair for pair in scope["headers"] if pair[0] not in _OF_PUSHPIN]
    told = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    own, _, address = told.rpartition(b",")
    rest = [pair for pair in headers if pair[0] != b"x-forwarded-for"]
    if own.strip():
        rest.append((b"x-forwarded-for", own.strip()))
    return {**scope, "headers": rest, "client": (address.strip().decode("latin-1"), 0)}
