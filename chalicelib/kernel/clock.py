"""The time, in one place, so that tests can move it. UTC everywhere; stored and sent as RFC 3339."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC) + _offset


def after(seconds: float) -> datetime:
    return now() + timedelta(seconds=seconds)


def epoch(at: datetime) -> int:
    """Whole seconds since 1970, the form in which DynamoDB's TTL wants a time."""
    return int(at.timestamp())


@contextmanager
def moved(seconds: float) -> Iterator[None]:
    """Everything inside happens `seconds` later than it does."""
    global _offset
    before = _offset
    _offset = before + timedelta(seconds=seconds)
    try:
        yield
    finally:
        _offset = before
