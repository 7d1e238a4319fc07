"""New keys, as text: for a first start on one machine, for a first deployment, and for changes."""

from __future__ import annotations

import base64
import secrets

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signing_key() -> str:
    return secrets.token_urlsafe(48)


def push_key() -> str:
    """A private key of the curve P-256 is a number between 0 and its order."""
    raw = (secrets.randbelow(P256_ORDER - 1) + 1).to_bytes(32)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
