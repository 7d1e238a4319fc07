"""Where the bytes of attachments are: a folder on one machine, object storage when hosted.

A blob's place is named by a scope's workspace and an id made here, never by anything a client sent.

Object storage can give addresses at which a client itself sends or gets the bytes of one blob, for a short time. Who
has such an address needs no other credential, so it is made for somebody who may do it, and shown to nobody else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

# What every file is said to be, so that nothing shows it: the type that its sender claims is never trusted.
BYTES = "application/octet-stream"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send or get bytes; `url` is absolute, or a path of this server. Send the `headers` as they are."""

    url: str
    method: Literal["GET", "PUT"]
    headers: dict[str, str]
    expires_at: datetime


class Blobs(Protocol):
    def put(self, workspace_id: str, id: str, content: bytes) -> None:
        """Durable when this returns."""

    def get(self, workspace_id: str, id: str) -> bytes | None: ...

    def size(self, workspace_id: str, id: str) -> int | None:
        """How many bytes are there; None where there is nothing."""

    def upload_address(self, workspace_id: str, id: str, size: int) -> Address | None:
        """Where a client may put `size` bytes, once. None: it sends them to this server."""

    def download_address(self, workspace_id: str, id: str, filename: str) -> Address | None:
        """Where a client gets the bytes, as a download. None: it gets them from this server."""

    def delete(self, workspace_id: str, id: str) -> None: ...

    def delete_some(self, workspace_id: str) -> int:
        """Delete what fits into one request; how many that were. None are left when it is 0."""


_blobs: Blobs | None = None


def keep_in(blobs: Blobs) -> None:
    global _blobs
    _blobs = blobs


def blobs() -> Blobs:
    if _blobs is None:
        raise RuntimeError("no place for attachments was configured")
    return _blobs
