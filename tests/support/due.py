"""The scheduled functions, until nothing is due: a run does a bounded amount, and other tests leave work too."""

from __future__ import annotations

from typing import get_args

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import DueKind
from chalicelib.wiring.maintenance import run_due_work

MOST_RUNS = 100


def do_what_is_due() -> None:
    for _ in range(MOST_RUNS):
        run_due_work()
        if not any(directory.due_by(kind, clock.now(), 1) for kind in get_args(DueKind)):
            return
    raise AssertionError("something stays due however often it is done")
