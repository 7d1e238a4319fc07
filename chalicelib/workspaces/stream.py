"""The events of a workspace as SSE, for dashboards: what was missed from the log, then held at the relay.

open, after=n ──► events n+1 … m from the log ──► hold on ws-<ws>, prev-id=m ──► m+1, m+2 … as they are published
If the log no longer reaches back to n: one `reset`, after which the client loads a snapshot anew.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.kernel import grip
from chalicelib.kernel.errors import BadRequest
from chalicelib.kernel.events import MOST_PER_PAGE, Event, number
from chalicelib.kernel.http import Call, Nothing, Reply, Routes
from chalicelib.kernel.links import Link, address, link_for
from chalicelib.kernel.pages import Page, start_after
from chalicelib.kernel.room import Room
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings

routes = Routes()
KIND = "events"
OPENING = f": handrail\n{grip.RETRY}\n"


class Resume(msgspec.Struct, forbid_unknown_fields=True):
    after: Annotated[int, msgspec.Meta(ge=0, le=10**15)] | None = None


@routes.route("GET", "/api/workspaces/{ws}/events", query=Resume, media_type=grip.EVENT_STREAM)
def events(call: Call[Nothing, Resume]) -> Reply:
    """The live events of the workspace, from where the client left off."""
    after = _last_event_id(call.header("last-event-id"))
    if after is None:
        after = call.query.after
    return _page(call.scope, call.scope.head.seq if after is None else after, OPENING)


def follow(scope: Scope, link: Link) -> Reply:
    return _page(scope, link.after, "")


def missed(scope: Scope, after: int, most: int = MOST_PER_PAGE, room: Room | None = None) -> Page[Event] | None:
    """At most `most` of the events behind `after`, as far as `room` goes; None when the log cannot tell them all."""
    page = scope.list(Event, Event.key(""), most, start_after(Event.key(number(after))), room=room)
    found = page.items
    complete = [event.seq for event in found] == list(range(after + 1, after + 1 + len(found)))
    if not complete or after > scope.head.seq or (not found and after < scope.head.seq):
        return None
    return page


def answer(content: str, headers: grip.Headers) -> Reply:
    """What a relay sends on, and what it is to do then."""
    return Reply(200, content, {"Content-Type": grip.EVENT_STREAM, "X-Accel-Buffering": "no"} | headers)


def _page(scope: Scope, after: int, opening: str) -> Reply:
    page = missed(scope, after)
    if page is None:
        return _held(scope, scope.head.seq, opening + _reset(scope.head.seq))
    last = page.items[-1].seq if page.items else after
    content = opening + "".join(event.frame() for event in page.items)
    if page.next_cursor is not None:
        return answer(content, grip.more(address(link_for(scope, KIND, last))))
    return _held(scope, last, content)


def _held(scope: Scope, last: int, content: str) -> Reply:
    channels = {
        f"ws-{scope.workspace_id}": str(last),
        f"ses-{scope.credential_id}": None,
        f"member-{scope.workspace_id}-{scope.actor.id}": None,
        f"gone-{scope.workspace_id}": None,
    }
    link = address(link_for(scope, KIND, last))
    return answer(content, grip.stream(channels, link, settings().stream_recheck))


def _reset(seq: int) -> str:
    return f'id: {seq}\nevent: reset\ndata: {{"seq":{seq},"type":"reset"}}\n\n'


def _last_event_id(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise BadRequest("Last-Event-ID is the id of an event of this stream.")
    return int(text)
