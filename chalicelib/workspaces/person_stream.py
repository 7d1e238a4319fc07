"""The events of all workspaces of a person as one SSE stream: a dashboard that shows them needs one connection.

open, after=a:5,b:9 ──► what a and b missed, a `reset` of what cannot resume ──► hold on ws-a, ws-b, …, each at its n
                              ▲                                                    │ hint on person-<id>: one came or
                              └──────── relay follows link (a cursor for each) ◄───┘ went
A `reset` says: load this workspace anew; where there is none any more, it is gone. Every workspace of the stream is
either where its cursor says, or was reset, so events of each come in order and without gaps.

A cursor of each goes through headers, of which API Gateway takes 10,240 bytes: so the stream follows the `MOST_HELD`
workspaces that changed last. Another one that changes joins, with a reset, when the link is followed the next time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

import msgspec

from chalicelib.kernel import grip
from chalicelib.kernel.directory import Session
from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.events import MOST_PER_PAGE, Event
from chalicelib.kernel.http import Call, Nothing, Reply, Routes
from chalicelib.kernel.links import Link, address, link_for_person
from chalicelib.kernel.room import Room
from chalicelib.kernel.scope import Scope, farewells, for_each
from chalicelib.kernel.settings import settings
from chalicelib.workspaces.stream import OPENING, answer, missed

routes = Routes()
KIND = "events of a person"
MOST_HELD = 100
MOST_NAMED = 200
# Pushpin drops the connection of whoever asks for a URL above 4,096 bytes.
LONGEST_AFTER = 3_900
_NAMED = re.compile(r"([0-9A-Za-z]{11}):([0-9]{1,15})")


class Resume(msgspec.Struct, forbid_unknown_fields=True):
    after: Annotated[
        str,
        msgspec.Meta(
            max_length=LONGEST_AFTER,
            description="`<workspace>:<seq>`, separated by commas: the last event that is known of each.",
        ),
    ] = ""


@routes.route("GET", "/api/events", access="session", query=Resume, media_type=grip.EVENT_STREAM)
def events_of_all(call: Call[Nothing, Resume]) -> Reply:
    """The live events of all of the caller's workspaces.

    CROSS-WORKSPACE BY DESIGN: a dashboard shows a person's own workspaces at once; it only reads.
    """
    named = _named(call.query.after)
    return _page(call.session, for_each(call.session), named, {}, OPENING)


def follow(session: Session, link: Link) -> Reply:
    """CROSS-WORKSPACE BY DESIGN: goes on with the person's own workspaces, which may be others by now; it only reads.

    What was deleted is told as such, unless there is more that was not sent.
    """
    own = for_each(session)
    ids = {scope.workspace_id for scope in own}
    lost = {workspace_id: seq for workspace_id, seq in link.cursors.items() if workspace_id not in ids}
    return _page(session, own, link.cursors, farewells(lost), "")


def _page(
    session: Session, own: list[Scope], cursors: Mapping[str, int], said: Mapping[str, Event | None], opening: str
) -> Reply:
    held = sorted(own, key=_changed_at, reverse=True)[:MOST_HELD]
    page = _Page([opening, *(event.frame() for event in said.values() if event is not None)])
    standing = {scope.workspace_id: scope.head.seq for scope in own}
    for workspace_id in sorted(cursors.keys() - said.keys() - {scope.workspace_id for scope in held}):
        page.let_go(workspace_id, cursors[workspace_id], standing.get(workspace_id))
    for scope in held:
        page.take(scope, cursors.get(scope.workspace_id))
    link = address(link_for_person(session, KIND, page.cursors))
    return answer("".join(page.content), grip.more(link) if page.is_full else _hold(session, page.cursors, link))


def _changed_at(scope: Scope) -> datetime:
    return scope.head.changed_at or scope.head.updated_at


def _hold(session: Session, cursors: Mapping[str, int], link: str) -> grip.Headers:
    channels: dict[str, str | None] = {f"ses-{session.id}": None, f"person-{session.person_id}": None}
    channels |= {f"ws-{id}": str(last) for id, last in cursors.items()}
    return grip.stream(channels, link, settings().stream_recheck)


@dataclass
class _Page:
    """What is sent next, and where each workspace of the stream stands after it."""

    content: list[str]
    cursors: dict[str, int] = field(default_factory=dict)
    left: int = MOST_PER_PAGE
    room: Room = field(default_factory=Room)
    is_full: bool = False

    def take(self, scope: Scope, after: int | None) -> None:
        workspace_id, last = scope.workspace_id, scope.head.seq
        if after is None:
            self.reset(workspace_id, last)
        elif after == last:
            self.cursors[workspace_id] = last
        elif not self.left or self.room.is_full:
            self.cursors[workspace_id], self.is_full = after, True
        elif (found := missed(scope, after, self.left, self.room)) is None:
            self.reset(workspace_id, last)
        else:
            self.content += [event.frame() for event in found.items]
            self.cursors[workspace_id] = found.items[-1].seq
            self.left -= len(found.items)
            self.is_full |= found.next_cursor is not None

    def reset(self, workspace_id: str, last: int) -> None:
        self.content.append(_reset(workspace_id, last))
        self.cursors[workspace_id] = last

    def let_go(self, workspace_id: str, after: int, last: int | None) -> None:
        """The stream does not follow this one (any more): the client is told if it does not know all of it."""
        if after != last:
            self.content.append(_reset(workspace_id, last or 0))


def _reset(workspace_id: str, seq: int) -> str:
    return f'id: {seq}\nevent: reset\ndata: {{"type":"reset","workspace_id":"{workspace_id}","seq":{seq}}}\n\n'


def _named(after: str) -> dict[str, int]:
    parts = after.split(",") if after else []
    if len(parts) > MOST_NAMED:
        raise ValidationFailed(("after", f"names {len(parts)} workspaces; {MOST_NAMED} at most"))
    found = [match.groups() for part in parts if (match := _NAMED.fullmatch(part))]
    if len(found) < len(parts):
        raise ValidationFailed(("after", "is a list like <workspace>:<seq>,<workspace>:<seq>"))
    cursors = {workspace_id: int(seq) for workspace_id, seq in found}
    if len(cursors) < len(found):
        raise ValidationFailed(("after", "names a workspace twice"))
    return cursors
