"""An agent's inbox. Entries are written in the same transaction as what they tell of, so none is ever missing.

    deliver   to one agent               offer / withdraw   work that anybody may claim, one offer per task
    waiting   what an agent has to see   take_out           it has seen it (see `acknowledging`)

The head counts entries, so that every answer can say how much waits without another read.
"""

from __future__ import annotations

from chalicelib.inbox.model import EVERYBODY, InboxEntry, Kind, Notice
from chalicelib.kernel import clock
from chalicelib.kernel.decoding import convert
from chalicelib.kernel.entity import public
from chalicelib.kernel.pages import Cursor
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit

# In a transaction that also writes a task, a message and its attachments.
MOST_WITH_OTHERS = 75


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
    entry = convert(
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


def own(scope: Scope) -> list[InboxEntry]:
    """What is addressed to the calling agent and nobody else; nothing is read when there is nothing."""
    if scope.credential != "token" or scope.head.unread.get(scope.actor.id, 0) == 0:
        return []
    return scope.list(InboxEntry, InboxEntry.key(scope.actor.id, ""), MOST_WITH_OTHERS).items


def notice(entry: InboxEntry) -> Notice:
    return public(entry, Notice)


def take_out(unit: Unit, entry: InboxEntry) -> None:
    """The acting agent has seen it. What is offered to all stays for the others."""
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
