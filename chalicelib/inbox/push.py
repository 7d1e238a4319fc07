"""What an agent's stream shows: its inbox, as the notifications that Claude Code understands.

A push is a hint. The entry stays in the inbox until it is acknowledged, so whoever was away gets it at the next
connect. A permission verdict goes to the session that asked, or to one that came after it: never to another.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.inbox import acknowledging, rules
from chalicelib.inbox.model import InboxEntry
from chalicelib.kernel import clock
from chalicelib.kernel.errors import Json
from chalicelib.kernel.mcp.registry import Frame
from chalicelib.kernel.scope import Scope

CHANNEL = "notifications/claude/channel"
VERDICT = "notifications/claude/channel/permission"
MOST_AT_ONCE = 200
_SETTLED = timedelta(seconds=30)


def frames(scope: Scope, after: int | None) -> list[Frame]:
    """The notifications for the calling session: all that waits, or what came after event `after`."""
    entries = rules.waiting(scope, MOST_AT_ONCE)
    if after is not None and len(entries) < scope.head.unread_by(scope.actor.id):
        known = {entry.sort_key() for entry in entries}
        entries += [entry for entry in rules.newest(scope, MOST_AT_ONCE) if entry.sort_key() not in known]
    if after is not None:
        _acknowledge_verdicts(scope, entries, after)
    return [_frame(entry) for entry in entries if (after is None or entry.seq > after) and _is_for(scope, entry)]


def _frame(entry: InboxEntry) -> Frame:
    if entry.request_id is not None:
        params: dict[str, Json] = {"request_id": entry.request_id, "behavior": entry.behavior}
        return Frame(entry.seq, VERDICT, params)
    meta: dict[str, Json] = {
        "chat_id": entry.task_id or "",
        "message_id": entry.message_id or entry.id,
        "user": entry.user,
        "ts": entry.at.isoformat(),
        "kind": entry.kind,
    }
    return Frame(entry.seq, CHANNEL, {"content": entry.content, "meta": meta})


def _is_for(scope: Scope, entry: InboxEntry) -> bool:
    if not entry.connection or entry.asked_at is None:
        return True
    began, _, _ = scope.connection.partition(" ")
    return entry.connection == scope.connection or (bool(began) and datetime.fromisoformat(began) > entry.asked_at)


def _acknowledge_verdicts(scope: Scope, entries: list[InboxEntry], after: int) -> None:
    """A stream that is still alive half a minute after a verdict was sent on it has delivered it."""
    settled = clock.now() - _SETTLED
    done = [e.id for e in entries if e.request_id and e.seq <= after and e.at < settled and _is_for(scope, e)]
    acknowledging.acknowledge(scope, done)
