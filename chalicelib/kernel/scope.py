"""The only way into a workspace. A scope is made here, from a verified credential, and nowhere else.

It holds the workspace, who acts and what they may do; storage is reached through it, so an id proves nothing. Making
one costs one round trip, which also brings the head: a list read afterwards is true for `scope.head.seq` or later.
What a caller may not see and what does not exist are the same `NotFound`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.kernel import bearer, clock, directory, emails, store, tenancy
from chalicelib.kernel.directory import Client, InvitationRoute, Membership, Session, TokenRoute
from chalicelib.kernel.entity import SYSTEM, Actor, Entity
from chalicelib.kernel.errors import Forbidden, NotFound, Unauthorized, WorkspaceMismatch
from chalicelib.kernel.events import Event, number
from chalicelib.kernel.head import HEAD, Head
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.pages import DEFAULT_LIMIT, Cursor, Index, Page, query
from chalicelib.kernel.room import Room
from chalicelib.kernel.store import E, Key
from chalicelib.kernel.tenancy import Reach

SIGN_IN = "Sign in first: your session has ended or was never there."
NEW_TOKEN = (
    "This token is not valid: it may be mistyped, expired, revoked or rotated. "
    "Ask a person to generate a new one in the workspace's settings, and put it into .mcp.json."
)


@dataclass(frozen=True)
class Idempotency:
    """`key` is the client's; `fingerprint` stands for what it asked for with it."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class Scope:
    head: Head
    actor: Actor
    credential: Literal["session", "token", "system", "invitation"]
    credential_id: str
    route: TokenRoute | None = field(default=None, repr=False)
    route_key: Key | None = field(default=None, repr=False)
    idempotency: Idempotency | None = None
    client: Client | None = None
    connection: str = ""
    ended: bool = False
    together_with: Reach = ()

    @property
    def workspace_id(self) -> str:
        return self.head.workspace_id

    @property
    def is_person(self) -> bool:
        return self.credential == "session"

    def within(self) -> AbstractContextManager[None]:
        """Storage is reached inside of this: for this workspace, or for those it was found together with."""
        return tenancy.within(*(self.together_with or (self.workspace_id,)))

    def requires_person(self) -> None:
        if self.credential == "token":
            raise Forbidden("Only a person can do this. Ask one, with createTask assigned to human.")

    def check(self, entity: Entity) -> None:
        """The domain's wall: whoever changes an entity passes it through here."""
        if entity.workspace_id != self.workspace_id:
            raise WorkspaceMismatch(f"The {type(entity).PREFIX} belongs to a different workspace.")

    def check_named(self, workspace_id: object) -> None:
        """The wall of MCP: the `workspace_id` argument must name the credential's own workspace."""
        if not isinstance(workspace_id, str) or not workspace_id:
            raise WorkspaceMismatch("Missing or invalid argument: workspace_id")
        if workspace_id != self.workspace_id:
            raise WorkspaceMismatch(
                f"workspace_id does not match this connection. Use {self.workspace_id}, its own workspace."
            )

    def key(self, sort_key: str) -> Key:
        return self.workspace_id, sort_key

    def find(self, kind: type[E], *path: str) -> E | None:
        return self.find_all(kind, [kind.key(*path)])[0]

    def find_all(self, kind: type[E], sort_keys: list[str]) -> list[E | None]:
        """One round trip; None stands where there is nothing."""
        with self.within():
            items, _ = store.batch_get([self.key(sk) for sk in sort_keys])
        found = [items.get(self.key(sk)) for sk in sort_keys]
        return [store.entity_of(item, kind) if item else None for item in found]

    def get(self, kind: type[E], *path: str) -> E:
        entity = self.find(kind, *path)
        if entity is None:
            raise NotFound()
        self.check(entity)
        return entity

    def list(
        self,
        kind: type[E],
        prefix: str,
        limit: int = DEFAULT_LIMIT,
        cursor: Cursor = None,
        *,
        index: Index | None = None,
        newest_first: bool = False,
        room: Room | None = None,
    ) -> Page[E]:
        """A page of what begins with `prefix`, in key order; see `pages.query`."""
        with self.within():
            return query(
                self.workspace_id, kind, prefix, limit, cursor, index=index, newest_first=newest_first, room=room
            )

    def with_idempotency(self, idempotency: Idempotency | None) -> Scope:
        return replace(self, idempotency=idempotency)


def for_session(session_id: str, person_id: str, workspace_id: str) -> Scope:
    """What a signed-in person may reach: a workspace that they are a member of."""
    session_key = directory.session_key(session_id)
    member_key = directory.membership_key(person_id, workspace_id)
    heads, entries = _admitted(workspace_id, [HEAD], [session_key, member_key])
    session = _live_session(directory.value_of(entries.get(session_key), Session), person_id)
    member = directory.value_of(entries.get(member_key), Membership)
    head = _live_head(heads.get((workspace_id, HEAD)))
    if member is None or head is None:
        raise NotFound()
    return Scope(head, Actor("person", session.person_id, session.name), "session", session.id)


def signed_in(session_id: str, person_id: str) -> Session:
    """The session itself, for what belongs to no workspace."""
    return _live_session(directory.read(directory.session_key(session_id), Session), person_id)


def for_token(token: str, workspace_id: str, end_mark: str = "") -> Scope:
    """What an agent may reach: the one workspace of its token. A malformed token is refused without a read.

    `end_mark` is the sort key of what says that the agent's session ended, read on the same way.
    """
    if not bearer.is_token(token):
        raise Unauthorized(NEW_TOKEN)
    return _for_route(bearer.digest(token), workspace_id, end_mark)


def for_link(workspace_id: str, session: str, person: str, route: str, connection: str) -> Scope:
    """For a stream that a relay holds: the credential it was opened with, if that is still alive."""
    if session:
        return for_session(session, person, workspace_id)
    return replace(_for_route(route, workspace_id), connection=connection)


def _for_route(digest: str, workspace_id: str, end_mark: str = "") -> Scope:
    key = directory.token_key(digest)
    wanted = [sort_key for sort_key in (HEAD, end_mark) if sort_key and is_id(workspace_id)]
    heads, entries = _admitted(workspace_id, wanted, [key])
    route = directory.value_of(entries.get(key), TokenRoute)
    if route is None or route.expires_at <= clock.now():
        raise Unauthorized(NEW_TOKEN)
    if route.workspace_id != workspace_id:
        raise NotFound()
    head = _live_head(heads.get((workspace_id, HEAD)))
    if head is None:
        raise Unauthorized(NEW_TOKEN)
    actor = Actor("agent", route.token_id, route.name)
    ended = (workspace_id, end_mark) in heads
    return Scope(head, actor, "token", route.token_id, route=route, route_key=key, ended=ended)


def for_system(workspace_id: str, *, deleted: bool = False) -> Scope | None:
    """For listeners and scheduled functions, which act on one workspace at a time; None when it is gone."""
    with tenancy.within(workspace_id):
        heads, _ = store.batch_get([(workspace_id, HEAD)])
    item = heads.get((workspace_id, HEAD))
    head = store.entity_of(item, Head) if item else None
    if head is None or (head.deleted_at is not None and not deleted):
        return None
    return Scope(head, SYSTEM, "system", SYSTEM.id)


def for_new(head: Head, actor: Actor, session_id: str) -> Scope:
    """For the person who creates a workspace, before there is one."""
    return Scope(head, actor, "session", session_id)


def for_invited(session: Session, secret: str) -> tuple[Scope, InvitationRoute]:
    """What an invitation opens for the one person it is meant for, by their verified address; for joining only."""
    route = directory.read(directory.invitation_key(directory.digest(secret)), InvitationRoute)
    if route is None or route.expires_at <= clock.now():
        raise NotFound()
    if emails.plain(route.email) != emails.plain(session.email) or route.accepted_by not in {"", session.person_id}:
        raise NotFound()
    with tenancy.within(route.workspace_id):
        heads, _ = store.batch_get([(route.workspace_id, HEAD)])
    head = _live_head(heads.get((route.workspace_id, HEAD)))
    if head is None:
        raise NotFound()
    actor = Actor("person", session.person_id, session.name)
    return Scope(head, actor, "invitation", route.invitation_id), route


def heads_of(person_id: str, limit: int | None = None, after: str = "") -> Page[Head]:
    """CROSS-WORKSPACE BY DESIGN: the overview lists the caller's own workspaces side by side, read-only.

    The oldest first, beginning behind the workspace `after`.
    """
    ids = sorted(m.workspace_id for m in directory.memberships(person_id) if m.workspace_id > after)
    chosen = ids[:limit]
    found = [head for _, head in _heads(chosen)]
    return Page(found, chosen[-1] if len(chosen) < len(ids) else None)


def for_each(session: Session) -> list[Scope]:
    """CROSS-WORKSPACE BY DESIGN: the inbox of a person spans their workspaces; one scope for each, read-only use."""
    actor = Actor("person", session.person_id, session.name)
    ids = sorted(membership.workspace_id for membership in directory.memberships(session.person_id))
    return [Scope(head, actor, "session", session.id, together_with=group) for group, head in _heads(ids)]


def _heads(ids: list[str]) -> Iterator[tuple[Reach, Head]]:
    """The heads of those that live, in order, each with the workspaces that it was read together with."""
    for group in tenancy.groups(ids, store.BATCH):
        with tenancy.within(*group):
            items, _ = store.batch_get((id, HEAD) for id in group)
        for id in group:
            if (head := _live_head(items.get((id, HEAD)))) is not None:
                yield group, head


def farewells(cursors: Mapping[str, int]) -> dict[str, Event | None]:
    """CROSS-WORKSPACE BY DESIGN: a stream lost these workspaces of a person, of each of which it has sent so much.

    What remains to be said of those that were deleted: that, or nothing. Those that are not in the answer have more
    that was not sent, or are purged; nothing of them is read here.
    """
    said: dict[str, Event | None] = {}
    for group in tenancy.groups(list(cursors), store.BATCH // 2):
        next_event = {id: (id, Event.key(number(cursors[id] + 1))) for id in group}
        with tenancy.within(*group):
            items, _ = store.batch_get([*next_event.values(), *((id, HEAD) for id in group)])
        for id, key in next_event.items():
            head = store.entity_of(items[id, HEAD], Head) if (id, HEAD) in items else None
            event = store.entity_of(items[key], Event) if key in items else None
            if head is None or head.deleted_at is None:
                continue
            if head.seq == cursors[id] or (event is not None and event.seq == head.seq):
                said[id] = event
    return said


def _admitted(workspace_id: str, sort_keys: list[str], entries: list[Key]) -> store.Found:
    """What a credential stands on, in one round trip; without all of its entries nothing of the workspace.

    Where credentials for the workspace must be made first, the directory is asked before: a caller that it does not
    know cannot have any made.
    """
    keys = [(workspace_id, sort_key) for sort_key in sort_keys]
    if not tenancy.keeper().has((workspace_id,)):
        _, found = store.batch_get([], entries)
        if len(found) < len(entries):
            return {}, found
    with tenancy.within(workspace_id):
        return store.batch_get(keys, entries)


def _live_session(session: Session | None, person_id: str) -> Session:
    if session is None or session.person_id != person_id or session.expires_at <= clock.now():
        raise Unauthorized(SIGN_IN)
    return session


def _live_head(item: store.WorkspaceItem | None) -> Head | None:
    head = store.entity_of(item, Head) if item else None
    return head if head is not None and head.deleted_at is None else None
