"""Where the bytes of attachments are: a folder on one machine, object storage when hosted.

A blob's place is named by a scope's workspace and an id made here, never by anything a client sent.
"""

from __future__ import annotations

from typing import Protocol


class Blobs(Protocol):
    def put(self, workspace_id: str, id: str, content: bytes) -> None:
        """Durable when this returns."""

    def get(self, workspace_id: str, id: str) -> bytes | None: ...

    def size(self, workspace_id: str, id: str) -> int | None:
        """How many bytes are there; None where there is nothing."""

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
