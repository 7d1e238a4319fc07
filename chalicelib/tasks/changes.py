"""What every change of a task takes with it: true counts, its records, the inbox of who has to hear of it.

Only for use inside of a unit of work that has read `reads_of` the task.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chalicelib.inbox import rules as inbox
from chalicelib.kernel import clock
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import Claimed
from chalicelib.kernel.unit import Unit
from chalicelib.tasks import activities, subtasks
from chalicelib.tasks import status as statuses
from chalicelib.tasks.model import OPEN, Agent, Assignee, Status, StoredTask, Task, Waiting
from chalicelib.tasks.subtasks import SubTask


def reads_of(task_id: str) -> list[str]:
    """The sort keys that a unit about this task needs: the task, its link to a parent, its offer to all agents."""
    return [StoredTask.key(task_id), SubTask.key(task_id), inbox.offer_key(task_id)]


def write(
    unit: Unit,
    event: str,
    before: StoredTask | None,
    task: StoredTask,
    notify: Sequence[str] = (),
    *,
    touch: bool = True,
    **entities: object,
) -> Task:
    """Save `task`, which was `before`, and tell of it in one event; gives the task as clients see it."""
    save(unit, before, task, touch=touch)
    if before is not None and (recorded := activities.record(unit, before, task)):
        entities["activities"] = recorded
    view = public(task, Task)
    unit.emit(event, notify=notify, task=view, **entities)
    return view


def save(unit: Unit, before: StoredTask | None, task: StoredTask, *, touch: bool = True) -> None:
    """Write `task`, which was `before`, and keep the head's counts and its place under a parent true."""
    if touch:
        task.updated_at = clock.now()
    if task.status not in OPEN:
        task.asked_at = None
    own = task.own_waiting()
    task.waiting = Waiting(task.permission_at, "permission") if task.permission_at else own
    recount(unit, before, task)
    subtasks.link(unit, before, task)
    unit.put(task)


def recount(unit: Unit, before: StoredTask | None, after: StoredTask | None) -> None:
    counts = unit.head.counts
    for task, step in ((before, -1), (after, 1)):
        if task is not None:
            setattr(counts, task.status, getattr(counts, task.status) + step)
            counts.waiting += step * (task.own_waiting() is not None)


def move(unit: Unit, task: StoredTask, status: Status) -> list[str]:
    """Give it another status, if it may have it; an agent that moves it has it from then on."""
    scope = unit.scope
    statuses.check(task.status, status, person=scope.is_person)
    if not scope.is_person and task.is_held_by_another(scope.actor.id):
        raise Claimed("Another agent has this task. Call getNextTask for one that is free.")
    task.status = status
    if status not in OPEN:
        # Closed tasks stand in the order in which they were closed: a list of them begins with the last.
        task.position = float(unit.next_seq)
    if scope.credential == "token" and task.assignee == "agent":
        task.agent = Agent(scope.actor.id, scope.actor.name)
    task.claim_expires_at = None
    inbox.withdraw(unit, task.id)
    if not scope.is_person:
        return []
    kind: Literal["cancelled", "status"] = "cancelled" if status == "rejected" else "status"
    return to_responsible(unit, task, kind, f"[Task {task.id} is now {status}] {task.title}")


def reassign(unit: Unit, task: StoredTask, assignee: Assignee) -> list[str]:
    task.assignee = assignee
    if assignee == "human":
        inbox.withdraw(unit, task.id)
        notify = to_responsible(unit, task, "status", f"[Task {task.id} was given to a person] {task.title}")
        task.agent, task.claim_expires_at = None, None
        return notify
    if task.status == "notstarted":
        return [offer(unit, task)]
    return to_responsible(unit, task, "task", as_offer(task))


def offer(unit: Unit, task: StoredTask) -> str:
    """Put it before every agent."""
    return inbox.offer(unit, task.id, as_offer(task))


def to_responsible(
    unit: Unit,
    task: StoredTask,
    kind: Literal["task", "reply", "status", "cancelled"],
    content: str,
    message_id: str | None = None,
) -> list[str]:
    """Tell the agent that is responsible for it, unless that is who acts; gives whom to notify."""
    to = task.responsible()
    if to is None or to == unit.scope.actor.id:
        return []
    return [inbox.deliver(unit, to, kind, content, task_id=task.id, message_id=message_id)]


def as_offer(task: StoredTask) -> str:
    """What agents read of a task that anybody may claim."""
    lines = [f"[Task {task.id}] {task.title}", task.body] if task.body else [f"[Task {task.id}] {task.title}"]
    lines += [f"(attachment {one.id}: {one.filename}, {one.size} bytes)" for one in task.attachments]
    lines.append(
        "It may be offered to several agents: claim it with getNextTask, or set it to ongoing, before you start."
    )
    return "\n".join(lines)
