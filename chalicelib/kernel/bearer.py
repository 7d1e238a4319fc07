"""The form of an MCP token: `hr_`, 30 random base62 characters (178 bits), 6 characters of checksum.

The checksum is CRC-32 over what stands before it, so a mistyped or cut-off token is refused before any read.
Only `digest(token)` is ever stored.
"""

from __future__ import annotations

import hashlib
import zlib

from chalicelib.kernel.ids import base62, random_base62

PREFIX = "hr_"
_RANDOM = 30
_CHECKSUM = 6
LENGTH = len(PREFIX) + _RANDOM + _CHECKSUM


def new_token() -> str:
    body = PREFIX + random_base62(_RANDOM)
    return body + _checksum(body)


def is_token(text: str) -> bool:
    return (
        len(text) == LENGTH
        and text.isascii()
        and text.startswith(PREFIX)
        and text[len(PREFIX) :].isalnum()
        and _checksum(text[:-_CHECKSUM]) == text[-_CHECKSUM:]
    )


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _checksum(body: str) -> str:
    return base62(zlib.crc32(body.encode()), _CHECKSUM)
