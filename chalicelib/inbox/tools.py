"""MCP: an agent's own inbox."""

from __future__ import annotations

from itertools import takewhile
from typing import Annotated

import msgspec

from chalicelib.attachments.model import Id
from chalicelib.inbox import acknowledging, rules
from chalicelib.inbox.model import InboxEntry, Notice
from chalicelib.kernel.mcp.registry import Arguments, Registry, Resource
from chalicelib.kernel.room import MOST_FOR_AGENTS, Room
from chalicelib.kernel.scope import Scope

registry = Registry()
MOST_ACKNOWLEDGED = 90


class GetInbox(Arguments, kw_only=True):
    ack: Annotated[list[Id], msgspec.Meta(max_length=MOST_ACKNOWLEDGED)] = []
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50


class InboxContent(msgspec.Struct):
    """`unread` counts what is still there after the acknowledgement, and may be more than the `entries` here."""

    entries: list[Notice]
    acknowledged: list[str]
    unread: int


@registry.tool("getInbox", "Read your inbox", InboxContent)
def get_inbox(scope: Scope, arguments: GetInbox) -> InboxContent:
    """What waits for you: new tasks, replies, decisions, cancellations.

    Give the ids that you have dealt with as ack; they do not come back.
    """
    taken = acknowledging.acknowledge(scope, arguments.ack)
    waiting = [entry for entry in rules.waiting(scope, arguments.limit + len(taken)) if entry.id not in taken]
    return _content(scope, waiting[: arguments.limit], taken)


def _read(scope: Scope, id: str) -> InboxContent:
    return _content(scope, rules.waiting(scope, 100), [])


def _content(scope: Scope, waiting: list[InboxEntry], taken: list[str]) -> InboxContent:
    room = Room(MOST_FOR_AGENTS)
    entries = takewhile(room.takes_value, map(rules.notice, waiting))
    return InboxContent(list(entries), taken, scope.head.unread_by(scope.actor.id))


registry.resources.append(Resource("handrail://{ws}/inbox", "inbox", "What waits for you.", _read))
