"""What of the people's words has reached an agent: `Task.seen`, the newest message by a person that one has seen.

It only ever moves forward, in the transaction of what shows that the agent has seen it:
- it acknowledges the entry of its inbox that tells of the message, or is given the message itself;
- it acts on the task. Then it has seen what was there when it asked to, and not what came while it did.
It says nothing of the work, so the task's `updated_at` stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.inbox.model import InboxEntry
from chalicelib.kernel import clock
from chalicelib.kernel.entity import public
from chalicelib.kernel.ids import last_ordered_id
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit
from chalicelib.tasks.model import Agent, Seen, StoredTask, Task


def see(unit: Unit, task: StoredTask, message_id: str | None) -> bool:
    """The acting agent has seen this message by a person; says whether that is news. Who calls it writes the task."""
    if message_id is None or (task.seen is not None and message_id <= task.seen.message_id):
        return False
    task.seen = Seen(message_id, Agent(unit.scope.actor.id, unit.scope.actor.name), clock.now())
    return True


def act(unit: Unit, task: StoredTask, notices: Iterable[InboxEntry]) -> None:
    """An agent acts on the task; `notices` are what its inbox had said of it when it asked to."""
    if unit.scope.credential != "token":
        return
    if task.answered is not None and task.answered <= known_to(unit.scope):
        see(unit, task, task.answered)
    else:
        see(unit, task, max((entry.message_id for entry in notices if entry.message_id), default=None))


def known_to(scope: Scope) -> str:
    """The place in a thread up to which a caller can have known it when it called."""
    return last_ordered_id(scope.head.seq)


def tell(unit: Unit, task: StoredTask) -> None:
    """Write a task of which nothing changed but `seen`."""
    unit.put(task)
    unit.emit("task.seen", task=public(task, Task))
