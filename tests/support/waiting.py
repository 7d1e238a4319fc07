"""Waiting for a condition, with a deadline, where nothing announces it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from chalicelib.onebox.program import Program

T = TypeVar("T")
# Long, for a machine that has other work too: only a test that fails waits for it.
DEADLINE = 30.0
_pause = threading.Event()


def eventually(found: Callable[[], T | bool | None], what: str = "it", deadline: float = DEADLINE) -> T:
    """The first true value of `found`; fails when there is none in time."""
    end = time.monotonic() + deadline
    while True:
        value = found()
        if value:
            return value  # type: ignore[return-value]  # a true `T | bool | None` is what was asked for
        assert time.monotonic() < end, f"{what} did not happen within {deadline} s"
        _pause.wait(0.005)


def everything_published(program: Program) -> None:
    """Wait until the stream function has served every change, and the changes that its listeners made."""
    engine = program.engine
    assert engine is not None
    eventually(lambda: engine.cursor("stream") == engine.last_change(), "publishing")


def everything_notified(program: Program) -> None:
    """Wait until the notify function has served every change."""
    engine = program.engine
    assert engine is not None
    eventually(lambda: engine.cursor("notify") == engine.last_change(), "notifying")
