"""Handing out work: each task in the queue to one agent only.

A claim is a change of the task like any other, on condition of its version: of two agents that want the same task,
one wins and the other looks at the next. It holds for a lease; then the task is free again, without anybody acting.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from chalicelib.inbox import rules as inbox
from chalicelib.kernel import clock
from chalicelib.kernel.entity import public
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
from chalicelib.kernel.unit import Unit, first_answer, run
from chalicelib.tasks import changes
from chalicelib.tasks.model import Agent, StoredTask, Task

AVAILABLE = StoredTask.key("agent", "notstarted", "")
CANDIDATES = 20


class Taken(Exception):
    """The task is no longer there to be claimed."""


def claim_next(scope: Scope, *, claim: bool) -> Task | None:
    """The first task in the queue that no other agent has; with `claim`, it is the caller's for a lease."""
    if claim and (repeated := first_answer(scope, Task)) is not None:
        return repeated
    cursor = None
    while True:
        page = scope.list(StoredTask, AVAILABLE, CANDIDATES, cursor, index="by_state")
        for candidate in page.items:
            if candidate.is_held_by_another(scope.actor.id):
                continue
            if not claim:
                return public(candidate, Task)
            with suppress(Taken):
                return _claim(scope, candidate.id)
        cursor = page.next_cursor
        if cursor is None:
            return None


def _claim(scope: Scope, task_id: str) -> Task:
    """Raises `Taken`, so that an idempotency key remembers the task that it got and not one that it missed."""

    def command(unit: Unit) -> Task:
        task = unit.find(StoredTask, task_id)
        if task is None or task.assignee != "agent" or task.status != "notstarted":
            raise Taken()
        if task.is_held_by_another(scope.actor.id):
            raise Taken()
        before = msgspec.structs.replace(task)
        task.agent = Agent(scope.actor.id, scope.actor.name)
        task.claim_expires_at = clock.after(settings().claim_lease)
        inbox.withdraw(unit, task_id)
        return changes.write(unit, "task.updated", before, task)

    return run(scope, Task, command, reads=changes.reads_of(task_id))
