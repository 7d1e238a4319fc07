"""Who sends (VAPID): a token signed for each push service, with the key that browsers subscribed to."""

from __future__ import annotations

import base64
from functools import lru_cache

from chalicelib.kernel import clock
from chalicelib.kernel.settings import HOUR, settings

# At most 24 hours are allowed; clocks differ.
LIFETIME = 12 * HOUR
# A service wants an address outside of this machine, whether it ever writes there or not.
_NOBODY = "mailto:nobody@example.com"


def public_key() -> str:
    """What browsers subscribe with: the uncompressed point, as base64url."""
    return _pair(settings().push_key)[1]


def authorization(host: str) -> str:
    """The `Authorization` header for the push service at `host`."""
    from jose import jwt

    private, public = _pair(settings().push_key)
    claims = {"aud": f"https://{host}", "exp": clock.epoch(clock.after(LIFETIME)), "sub": _contact()}
    return f"vapid t={jwt.encode(claims, private, algorithm='ES256')}, k={public}"


def _contact() -> str:
    chosen = settings()
    return chosen.push_contact or (chosen.address if chosen.secure else _NOBODY)


@lru_cache(1)
def _pair(key: str) -> tuple[bytes, str]:
    """(private key as PEM, public key as base64url)"""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    number = int.from_bytes(base64.urlsafe_b64decode(key + "="))
    private = ec.derive_private_key(number, ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, base64.urlsafe_b64encode(point).decode().rstrip("=")
