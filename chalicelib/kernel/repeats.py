"""Repeats of a request: what was answered to an idempotency key is kept in the transaction that the answer is of.

So a client that heard nothing may ask again, and is told the first answer; with other content the key is refused.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Entry
from chalicelib.kernel.errors import IdempotencyMismatch
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
from chalicelib.kernel.store import Key


class Answer(msgspec.Struct, frozen=True):
    """What was answered to an idempotency key the first time."""

    fingerprint: str
    result: msgspec.Raw


def key_of(scope: Scope) -> Key | None:
    if scope.idempotency is None:
        return None
    return f"idempotency#{scope.actor.id}", scope.idempotency.key


def checked(first: Answer | None, scope: Scope) -> Answer | None:
    """The answer that is to be given once more; None where the request is no repeat."""
    if first is not None and scope.idempotency and first.fingerprint != scope.idempotency.fingerprint:
        raise IdempotencyMismatch(
            "This idempotency key came with other content before. Use a new key for a new request."
        )
    return first


def entry_for(scope: Scope, answer: object) -> Entry | None:
    """What keeps `answer` for a repeat."""
    key = key_of(scope)
    if key is None or scope.idempotency is None:
        return None
    first = Answer(scope.idempotency.fingerprint, msgspec.Raw(msgspec.json.encode(answer)))
    return directory.first_of(key, first, clock.now() + timedelta(seconds=settings().idempotency_retention))
