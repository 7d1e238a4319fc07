"""Work that falls due: found by its time, never by a scan; a bounded amount per run, the rest at the next."""

from __future__ import annotations

import logging
from collections.abc import Callable

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Due, DueKind

MOST_PER_RUN = 200
log = logging.getLogger("handrail.due")


def work_off(kind: DueKind, work: Callable[[Due], bool | int]) -> int:
    """Do what is due of `kind`, and return how much was done. One that fails stays due and does not stop the rest.

    CROSS-WORKSPACE BY DESIGN: maintenance finds due work of all workspaces by its time; `work` then acts on one
    workspace at a time, through that workspace's own scope.
    """
    done = 0
    for due in directory.due_by(kind, clock.now(), MOST_PER_RUN):
        try:
            done += int(work(due))
        except Exception:
            log.exception("due work failed", extra={"fields": {"kind": kind, "workspace": due.workspace_id}})
    return done
