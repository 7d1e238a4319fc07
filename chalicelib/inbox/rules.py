"""An agent's inbox. Entries are written in the same transaction as what they tell of, so none is ever missing.

    deliver   to one agent               offer / withdraw   work that anybody may claim, one offer per task
    waiting   what an agent has to see   acknowledge        it has seen it

The head counts entries, so that every answer can say how much waits without another read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from chalicelib.inbox.model import EVERYBODY, InboxEntry, Kind, Notice
from chalicelib.kernel import clock
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.pages import Cursor
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit, run

MOST_AT_ONCE = 90
# In a transaction that also writes a task, a message and its attachments.
MOST_WITH_OTHERS = 75


class Acknowledged(msgspec.Struct):
    ids: list[str]


def deliver(
    unit: Unit,
    to: str,
    kind: Kind,
    content: str,
    *,
    task_id: str | None = None,
    message_id: str | None = None,
    permission_id: str | None = None,
    request_id: str | None = None,
    behavior: str | None = None,
    connection: str = "",
    asked_at: object = None,
) -> str:
    """Put an entry into the inbox of agent `to`. Call it before the event it belongs to; returns `to`, to notify."""
    entry = msgspec.convert(
        {
            "workspace_id": unit.scope.workspace_id,
            "id": unit.new_ordered_id(),
            "to": to,
            "kind": kind,
            "content": content,
            "user": unit.scope.actor.name,
            "at": clock.now(),
            "seq": unit.next_seq,
            "task_id": task_id,
            "message_id": message_id,
            "permission_id": permission_id,
            "request_id": request_id,
            "behavior": behavior,
            "acknowledged_by": [],
            "connection": connection,
            "asked_at": asked_at,
        },
        InboxEntry,
    )
    unit.put(entry)
    unit.head.unread[to] = unit.head.unread.get(to, 0) + 1
    return to


def offer_key(task_id: str) -> str:
    return InboxEntry.key(EVERYBODY, task_id)


def offer(unit: Unit, task_id: str, content: str) -> str:
    """Offer a task to every agent. Its unit must have read `offer_key(task_id)`; a second offer renews the first."""
    withdraw(unit, task_id)
    entry = InboxEntry(
        workspace_id=unit.scope.workspace_id,
        id=task_id,
        to=EVERYBODY,
        kind="task",
        content=content,
        user=unit.scope.actor.name,
        at=clock.now(),
        seq=unit.next_seq,
        task_id=task_id,
        acknowledged_by=[],
    )
    unit.put(entry)
    unit.head.unread[EVERYBODY] = unit.head.unread.get(EVERYBODY, 0) + 1
    return EVERYBODY


def withdraw(unit: Unit, task_id: str) -> None:
    """The task is no longer there to be claimed."""
    entry = unit.find(InboxEntry, EVERYBODY, task_id)
    if entry is None:
        return
    unit.remove(entry)
    _count_down(unit.head.unread, EVERYBODY)
    for agent in entry.acknowledged_by:
        _count_down(unit.head.acknowledged, agent)


def waiting(scope: Scope, limit: int) -> list[InboxEntry]:
    """What the calling agent has not acknowledged, the oldest first. Nothing is read when the head counts none."""
    if scope.head.unread_by(scope.actor.id) == 0:
        return []
    own = scope.list(InboxEntry, InboxEntry.key(scope.actor.id, ""), limit).items
    return _in_order([*own, *_offers(scope, limit)])[:limit]


def newest(scope: Scope, limit: int) -> list[InboxEntry]:
    """The latest of what the calling agent has not acknowledged, the oldest first."""
    own = scope.list(InboxEntry, InboxEntry.key(scope.actor.id, ""), limit, newest_first=True).items
    return _in_order([*own, *_offers(scope, limit, newest_first=True)])[-limit:]


def _offers(scope: Scope, limit: int, *, newest_first: bool = False) -> list[InboxEntry]:
    """What an agent has acknowledged stays offered to the others, so what it has not may be pages away."""
    unseen: list[InboxEntry] = []
    cursor: Cursor = None
    while len(unseen) < limit:
        page = scope.list(InboxEntry, InboxEntry.key(EVERYBODY, ""), limit, cursor, newest_first=newest_first)
        unseen += [entry for entry in page.items if scope.actor.id not in entry.acknowledged_by]
        cursor = page.next_cursor
        if cursor is None:
            break
    return unseen


def _in_order(entries: list[InboxEntry]) -> list[InboxEntry]:
    return sorted(entries, key=lambda entry: (entry.seq, entry.id))


def acknowledge(scope: Scope, ids: Sequence[str]) -> list[str]:
    """Take entries out of the calling agent's inbox; ids that are not in it are passed over. Returns what was."""
    if len(ids) > MOST_AT_ONCE:
        raise ValidationFailed(("ack", f"takes at most {MOST_AT_ONCE} ids at once"))
    wanted = [id for id in dict.fromkeys(ids) if is_id(id)]
    if not wanted:
        return []
    agent = scope.actor.id
    found: list[InboxEntry | None] = []
    for to in (agent, EVERYBODY):
        found += scope.find_all(InboxEntry, [InboxEntry.key(to, id) for id in wanted])
    return _acknowledge(scope, [e for e in found if e is not None and agent not in e.acknowledged_by])


def acknowledge_all(unit: Unit, entries: Iterable[InboxEntry]) -> None:
    """The agent acts on something, so it has seen what its inbox said of it: `entries`, which its unit has read."""
    for entry in entries:
        current = unit.find(InboxEntry, entry.to, entry.id)
        if current is not None:
            _take_out(unit, current)


def own(scope: Scope) -> list[InboxEntry]:
    """What is addressed to the calling agent and nobody else; nothing is read when there is nothing."""
    if scope.credential != "token" or scope.head.unread.get(scope.actor.id, 0) == 0:
        return []
    return scope.list(InboxEntry, InboxEntry.key(scope.actor.id, ""), MOST_WITH_OTHERS).items


def about(scope: Scope, task_id: str) -> list[InboxEntry]:
    """What the calling agent's own entries say of a task."""
    return [entry for entry in own(scope) if entry.task_id == task_id and entry.kind != "permission"]


def seen(scope: Scope, task_id: str) -> None:
    """The agent was just given the thread of a task."""
    _acknowledge(scope, about(scope, task_id))


def notice(entry: InboxEntry) -> Notice:
    return public(entry, Notice)


def _acknowledge(scope: Scope, entries: Sequence[InboxEntry]) -> list[str]:
    if not entries:
        return []

    def command(unit: Unit) -> Acknowledged:
        taken = []
        for entry in entries:
            current = unit.find(InboxEntry, entry.to, entry.id)
            if current is not None and scope.actor.id not in current.acknowledged_by:
                _take_out(unit, current)
                taken.append(current.id)
        if taken:
            unit.emit("inbox.acknowledged", acknowledged=Acknowledged(taken))
        return Acknowledged(taken)

    return run(
        scope.with_idempotency(None),
        Acknowledged,
        command,
        reads=[entry.sort_key() for entry in entries],
        while_archived=True,
    ).ids


def _take_out(unit: Unit, entry: InboxEntry) -> None:
    agent = unit.scope.actor.id
    if entry.to == EVERYBODY:
        entry.acknowledged_by.append(agent)
        unit.put(entry)
        unit.head.acknowledged[agent] = unit.head.acknowledged.get(agent, 0) + 1
    else:
        unit.remove(entry)
        _count_down(unit.head.unread, entry.to)


def _count_down(counter: dict[str, int], name: str) -> None:
    left = counter.get(name, 0) - 1
    if left > 0:
        counter[name] = left
    else:
        counter.pop(name, None)
