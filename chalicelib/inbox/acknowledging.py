"""An agent has seen what its inbox told it: the entries go, and the tasks learn which words of people have arrived.

    acknowledge   it says so itself
    given         it was given a part of a thread
    about         what its inbox says of a task that it acts on, for `acknowledge_all` in the unit of that act

What came while a call was on its way is not taken for seen. Any number can be acknowledged at once: as many
transactions are made as it needs, and each is complete in itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from chalicelib.inbox import rules
from chalicelib.inbox.model import EVERYBODY, InboxEntry
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import KIB, MIB
from chalicelib.kernel.store import BATCH
from chalicelib.kernel.unit import Unit, run
from chalicelib.tasks import delivery
from chalicelib.tasks.model import Message, StoredTask

# A transaction has at most 100 items and 4 MiB. A task and the event that it was seen are two items of any size that
# a task may have, so twelve of them fit beside sixty entries.
MOST_ENTRIES = 60
MOST_BYTES = 7 * MIB // 2
TASK_AND_EVENT = 2 * 140 * KIB


class Acknowledged(msgspec.Struct):
    ids: list[str]


def acknowledge(scope: Scope, ids: Sequence[str]) -> list[str]:
    """Take entries out of the calling agent's inbox; ids that are not in it are passed over. Returns what was."""
    wanted = [id for id in dict.fromkeys(ids) if is_id(id)]
    agent, found = scope.actor.id, list[InboxEntry]()
    for start in range(0, len(wanted), BATCH // 2):
        keys = [InboxEntry.key(to, id) for id in wanted[start : start + BATCH // 2] for to in (agent, EVERYBODY)]
        found += [entry for entry in scope.find_all(InboxEntry, keys) if entry is not None]
    unseen = [entry for entry in found if agent not in entry.acknowledged_by]
    return [id for batch in _batches(unseen) for id in _take_out(scope, batch)]


def about(scope: Scope, task_id: str, up_to: str) -> list[InboxEntry]:
    """What the calling agent's own entries say of a task: of messages those up to `up_to`, and of the rest what was
    there when it called."""

    def is_known(entry: InboxEntry) -> bool:
        return entry.message_id <= up_to if entry.message_id else entry.seq <= scope.head.seq

    own = [entry for entry in rules.own(scope) if entry.task_id == task_id and entry.kind != "permission"]
    return [entry for entry in own if is_known(entry)]


def acknowledge_all(unit: Unit, entries: Iterable[InboxEntry]) -> None:
    """The agent acts on something, so it has seen what its inbox said of it: `entries`, which its unit has read."""
    for entry in entries:
        current = unit.find(InboxEntry, entry.to, entry.id)
        if current is not None:
            rules.take_out(unit, current)


def given(scope: Scope, task: StoredTask, messages: Sequence[Message]) -> None:
    """The calling agent was just given `messages`, a part of the task's thread."""
    by_people = [message for message in messages if message.sender.kind == "person"]
    newest = by_people[-1] if by_people else None
    if newest is not None and task.seen is not None and newest.id <= task.seen.message_id:
        newest = None
    notices = about(scope, task.id, messages[-1].id if messages else "")
    if notices or newest is not None:
        _take_out(scope, notices, newest)


def _take_out(scope: Scope, entries: Sequence[InboxEntry], shown: Message | None = None) -> list[str]:
    """One transaction. `shown` is a message by a person that the agent has seen, told of by an entry or not."""

    def command(unit: Unit) -> Acknowledged:
        taken = []
        for entry in entries:
            current = unit.find(InboxEntry, entry.to, entry.id)
            if current is not None and scope.actor.id not in current.acknowledged_by:
                rules.take_out(unit, current)
                taken.append(current)
        done = Acknowledged([entry.id for entry in taken])
        if taken:
            unit.emit("inbox.acknowledged", acknowledged=done)
        arrived = [(entry.task_id, entry.message_id) for entry in taken]
        if shown is not None:
            arrived.append((shown.task_id, shown.id))
        _see(unit, arrived)
        return done

    reads = [entry.sort_key() for entry in entries]
    reads += {StoredTask.key(entry.task_id) for entry in entries if entry.task_id and entry.message_id}
    reads += [StoredTask.key(shown.task_id)] if shown is not None else []
    return run(scope.with_idempotency(None), Acknowledged, command, reads=reads, while_archived=True).ids


def _see(unit: Unit, arrived: Iterable[tuple[str | None, str | None]]) -> None:
    """The acting agent has seen these messages, each given by its task and its own id; tasks may be gone by now."""
    moved: dict[str, StoredTask] = {}
    for task_id, message_id in arrived:
        task = unit.find(StoredTask, task_id) if task_id and message_id else None
        if task is not None and delivery.see(unit, task, message_id):
            moved[task.id] = task
    for task in moved.values():
        delivery.tell(unit, task)


def _batches(entries: Iterable[InboxEntry]) -> Iterator[list[InboxEntry]]:
    """As many as fit into one transaction, then as many again, in their order."""
    batch: list[InboxEntry] = []
    tasks: set[str] = set()
    size = 0
    for entry in entries:
        if len(batch) == MOST_ENTRIES or size + _weight(entry, tasks) > MOST_BYTES:
            yield batch
            batch, tasks, size = [], set(), 0
        size += _weight(entry, tasks)
        batch.append(entry)
        if entry.task_id and entry.message_id:
            tasks.add(entry.task_id)
    if batch:
        yield batch


def _weight(entry: InboxEntry, tasks: set[str]) -> int:
    """How many bytes are written, at most, to acknowledge it: an offer to all, or its task where that has words."""
    if entry.to == EVERYBODY:
        return len(msgspec.json.encode(entry))
    return TASK_AND_EVENT if entry.message_id and entry.task_id not in tasks else 0
