"""Work that falls due: found by its time, never by a scan, and done by whoever runs the schedule.

    run     each kind in turn, a page at a time, while there is time; the rest stays due for the next run
    a page  the entries that fell due first; what is done removes its entry, last, so what is cut off stays due
    fails   tried again after a minute, then two, four, ... and set aside after `MOST_ATTEMPTS`, for a person to see

Two runs may overlap: all work is safe to repeat, and to do at the same time. Neither an entry nor a kind that fails
stops the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol, cast

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Due, DueKind
from chalicelib.kernel.settings import MINUTE

PAGE = 100
MOST_ATTEMPTS = 8
# What a run may take where nothing ends it (EventBridge starts the next after a minute), and what it leaves of the
# time that Lambda gives it, for the entry it is at.
USUAL_SECONDS = 50.0
SPARED_SECONDS = 10.0
log = logging.getLogger("handrail.due")


@dataclass(frozen=True)
class Kind:
    """`work` does one entry and gives how much that was; `counts` says of what.

    `sift`, where there is one, deals with those of a page that need no work of their own, and gives the others.
    """

    name: DueKind
    counts: str
    work: Callable[[Due], int]
    sift: Callable[[Sequence[Due]], list[Due]] | None = None


class LambdaContext(Protocol):
    """What Lambda tells a function of its time."""

    def get_remaining_time_in_millis(self) -> int: ...


def time_for(context: object) -> float:
    """How many seconds a run may take that was called with `context`."""
    if context is None:
        return USUAL_SECONDS
    return max(cast(LambdaContext, context).get_remaining_time_in_millis() / 1000 - SPARED_SECONDS, 1.0)


def run(kinds: Iterable[Kind], seconds: float = USUAL_SECONDS) -> dict[str, int]:
    """Do what is due for `seconds`; the numbers say how much of each kind was done, and what was not."""
    doing = _Run(monotonic() + seconds)
    waiting = list(kinds)
    for kind in waiting:
        doing.numbers[kind.counts] = 0
    while waiting and doing.has_time():
        waiting = [kind for kind in waiting if doing.page_of(kind)]
    doing.numbers["kinds not finished"] = len(waiting)
    doing.numbers["set aside"] = directory.count_set_aside()
    level = logging.INFO if any(doing.numbers.values()) else logging.DEBUG
    log.log(level, "maintenance", extra={"fields": doing.numbers})
    return doing.numbers


class _Run:
    def __init__(self, until: float) -> None:
        self._until = until
        self.numbers: dict[str, int] = {"failed": 0}

    def has_time(self) -> bool:
        return monotonic() < self._until

    def page_of(self, kind: Kind) -> bool:
        """Do the next page of what is due of `kind`; whether there may be more.

        CROSS-WORKSPACE BY DESIGN: maintenance finds due work of all workspaces by its time; `work` then acts on one
        workspace at a time, through that workspace's own scope.
        """
        try:
            page = directory.due_by(kind.name, clock.now(), PAGE)
            for due in kind.sift(page) if kind.sift else page:
                if not self.has_time():
                    break
                self._do(kind, due)
        except Exception:
            log.exception("a kind of due work failed", extra={"fields": {"kind": kind.name}})
            self.numbers["failed"] += 1
            return False
        return bool(page)

    def _do(self, kind: Kind, due: Due) -> None:
        try:
            self.numbers[kind.counts] += int(kind.work(due))
        except Exception as error:
            fields = {"kind": kind.name, "workspace": due.workspace_id, "id": due.id, "attempts": due.attempts + 1}
            log.exception("due work failed", extra={"fields": fields})
            self.numbers["failed"] += 1
            _put_off(due, repr(error))


def _put_off(due: Due, reason: str) -> None:
    attempts = due.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        directory.set_aside(due, reason)
    else:
        directory.move(due, clock.after(MINUTE * 2**due.attempts), attempts)
