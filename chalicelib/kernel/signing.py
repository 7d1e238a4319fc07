"""Values that the server hands out and gets back: signed, so that nobody else can make or change one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TypeVar

import msgspec

from chalicelib.kernel.settings import settings

S = TypeVar("S", bound=msgspec.Struct)
LONGEST = 5 * 1024


def sign(purpose: str, value: msgspec.Struct) -> str:
    body = base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")
    return f"{body}.{_signature(purpose, body)}"


def verify(purpose: str, text: str, kind: type[S]) -> S | None:
    """The value that was signed for `purpose`; None for anything else."""
    body, dot, signature = text.partition(".")
    if not dot or len(text) > LONGEST or not text.isascii():
        return None
    if not hmac.compare_digest(signature, _signature(purpose, body)):
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=kind)
    except (binascii.Error, msgspec.DecodeError):
        return None


def _signature(purpose: str, body: str) -> str:
    key = settings().signing_key.encode()
    mac = hmac.new(key, f"{purpose}.{body}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")
