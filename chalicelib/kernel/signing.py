"""Values that the server hands out and gets back: signed, so that nobody else can make or change one.

Two keys may be valid at a time, so that one can be replaced while what it signed stays good.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TypeVar

import msgspec

from chalicelib.kernel import clock
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.settings import ConfigurationError, settings

S = TypeVar("S", bound=msgspec.Struct)
LONGEST = 5 * 1024


def valid_keys() -> tuple[str, ...]:
    """The key that signs, and then the other that is valid, if there is one."""
    chosen = settings()
    if not chosen.signing_key:
        raise ConfigurationError("There is no key to sign with: HANDRAIL_SIGNING_KEY is empty.")
    if not chosen.previous_signing_key:
        return (chosen.signing_key,)
    if clock.now().timestamp() < chosen.signing_key_since:
        return chosen.previous_signing_key, chosen.signing_key
    return chosen.signing_key, chosen.previous_signing_key


def sign(purpose: str, value: msgspec.Struct) -> str:
    body = base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")
    return f"{body}.{_signature(valid_keys()[0], purpose, body)}"


def verify(purpose: str, text: str, kind: type[S]) -> S | None:
    """The value that was signed for `purpose`; None for anything else."""
    body, dot, signature = text.partition(".")
    if not dot or len(text) > LONGEST or not text.isascii():
        return None
    if not any(hmac.compare_digest(signature, _signature(key, purpose, body)) for key in valid_keys()):
        return None
    try:
        return decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), kind)
    except (binascii.Error, msgspec.DecodeError):
        return None


def _signature(key: str, purpose: str, body: str) -> str:
    mac = hmac.new(key.encode(), f"{purpose}.{body}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")
