"""Handing out work: each task in the queue to one agent only.

A claim is a change of the task like any other, on condition of its version: of two agents that want the same task,
one wins and the other looks at the next. It holds for a lease; then the task is free again, without anybody acting:
whoever asks next may have it, and within a minute a scheduled function offers it to all agents and tells everybody.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from chalicelib.inbox import rules as inbox
from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Due
from chalicelib.kernel.entity import public
from chalicelib.kernel.scope import Scope, for_system
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
        due = Due("lease", task.claim_expires_at, task.workspace_id, task_id)
        unit.enter(directory.record(directory.due_key(due), due))
        return changes.write(unit, "task.updated", before, task)

    return run(scope, Task, command, reads=changes.reads_of(task_id))


def release(due: Due) -> bool:
    """Put a task whose lease ran out back into the queue; whether it was still held. Safe to repeat.

    A lease that was renewed, or that ended before its time, has nothing to release: a newer one has an entry of its
    own, so this one goes in any case.
    """
    scope = for_system(due.workspace_id)
    released = scope is not None and run(
        scope, bool, lambda unit: _release(unit, due.id), reads=changes.reads_of(due.id), while_archived=True
    )
    directory.remove(directory.due_key(due))
    return released


def _release(unit: Unit, task_id: str) -> bool:
    task = unit.find(StoredTask, task_id)
    if task is None or task.claim_expires_at is None or task.claim_expires_at > clock.now():
        return False
    before = msgspec.structs.replace(task)
    task.agent, task.claim_expires_at = None, None
    changes.write(unit, "task.updated", before, task, [changes.offer(unit, task)])
    return True
