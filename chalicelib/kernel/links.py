"""Links that a relay follows for a stream it holds.

A relay sends nothing of the client's request with them, so the link itself is a signed, short-lived capability: whose
stream it is, in which workspace (or over all of a person's), and what it has received. Every time one is followed the
credential is looked up again, and a stream whose credential died is ended: an answer that neither holds nor links is
how GRIP says so.

A link is as old as the last page that was fetched. What was published since, the relay has sent by itself, and tells
with `Grip-Last` how far that went: only what lies behind it is sent again.

No two links have one path. Pushpin asks once for all streams that follow links of one path at the same time, whatever
their queries are, and gives that one answer to all of them: to another workspace's, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from chalicelib.kernel import clock, grip, limits, scope
from chalicelib.kernel.decoding import convert
from chalicelib.kernel.directory import Session
from chalicelib.kernel.errors import BadRequest, NotFound, Unauthorized
from chalicelib.kernel.http import Call, Reply, Routes
from chalicelib.kernel.ids import LENGTH, random_base62
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import HOUR
from chalicelib.kernel.signing import LONGEST, sign, verify

PATH = "/grip/next"
ROUTE = f"{PATH}/{{unique}}"
_PURPOSE = "grip-link"
# Longer than any relay is quiet, and than it takes to ask for all streams after a restart.
_LIFETIME = HOUR


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`route` (of a token), or `session` and `person`, name the credential.

    `after` is the last event sent; `cursors` is it for each workspace, where a stream spans those of a person.
    """

    kind: str
    workspace_id: str = ""
    after: int = 0
    cursors: dict[str, int] = {}
    expires: int = 0
    session: str = ""
    person: str = ""
    route: str = ""
    connection: str = ""
    request_id: str | int = ""
    uris: list[str] = []


Follower = Callable[[Scope, Link], Reply]
PersonFollower = Callable[[Session, Link], Reply]


class Followed(msgspec.Struct, forbid_unknown_fields=True):
    link: Annotated[str, msgspec.Meta(max_length=LONGEST)]


def address(link: Link) -> str:
    fresh = msgspec.structs.replace(link, expires=clock.epoch(clock.after(_LIFETIME)))
    return f"{PATH}/{random_base62(LENGTH)}?link={sign(_PURPOSE, fresh)}"


def link_for(who: Scope, kind: str, after: int, **more: object) -> Link:
    """A link for the stream of `who`."""
    values = {"kind": kind, "workspace_id": who.workspace_id, "after": after, **more}
    if who.credential == "session":
        values |= {"session": who.credential_id, "person": who.actor.id}
    elif who.route_key is not None:
        values |= {"route": who.route_key[0].removeprefix("token#"), "connection": who.connection}
    return convert(values, Link)


def link_for_person(who: Session, kind: str, cursors: dict[str, int]) -> Link:
    """A link for a stream over the workspaces of `who`."""
    return Link(kind=kind, session=who.id, person=who.person_id, cursors=cursors)


def routes_of(followers: dict[str, Follower], of_persons: dict[str, PersonFollower]) -> Routes:
    routes = Routes()

    @routes.route("GET", ROUTE, access="public", query=Followed, media_type=grip.EVENT_STREAM, is_charged=False)
    def follow(call: Call[object, Followed]) -> Reply:
        """For relays: what a held stream is to get next."""
        link = verify(_PURPOSE, call.query.link, Link)
        if link is None or link.expires <= clock.epoch(clock.now()) or link.kind not in {*followers, *of_persons}:
            raise BadRequest("This link was not made here, or its time is over.")
        limits.charge_stream(link.session or link.route)
        try:
            who = _holder(link, link.kind in of_persons)
        except (Unauthorized, NotFound):
            return Reply(200, "", {"Content-Type": grip.EVENT_STREAM})
        link = _advanced(link, grip.last_sent(call.headers("grip-last")))
        return of_persons[link.kind](who, link) if isinstance(who, Session) else followers[link.kind](who, link)

    return routes


def _holder(link: Link, is_persons: bool) -> Scope | Session:
    if is_persons:
        return scope.signed_in(link.session, link.person)
    return scope.for_link(link.workspace_id, link.session, link.person, link.route, link.connection)


def _advanced(link: Link, sent: dict[str, int]) -> Link:
    """The link, as it would be if it had been made now."""
    after = max(link.after, sent.get(f"ws-{link.workspace_id}", 0))
    cursors = {ws: max(seq, sent.get(f"ws-{ws}", 0)) for ws, seq in link.cursors.items()}
    return msgspec.structs.replace(link, after=after, cursors=cursors)
