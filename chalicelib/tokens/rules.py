"""Generating, rotating and ending tokens.

A token is alive exactly as long as its route is in the directory. Whatever ends a token removes the route in the same
transaction, so the next request finds nothing; its event makes the relay close what is held for it.
"""

from __future__ import annotations

import shlex
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import msgspec

from chalicelib.kernel import bearer, clock, directory, quotas
from chalicelib.kernel.directory import Due, TokenRoute
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.pages import LARGEST_LIMIT, Cursor, Page
from chalicelib.kernel.scope import Scope, for_system
from chalicelib.kernel.settings import settings
from chalicelib.kernel.store import Key, batch_get
from chalicelib.kernel.text import line
from chalicelib.kernel.unit import Unit, run
from chalicelib.tokens import presence
from chalicelib.tokens.model import Generated, McpJson, McpServer, NewToken, State, StoredToken, Token

SERVER_NAME = "handrail"
_EVENTS: dict[State, str] = {"revoked": "token.revoked", "expired": "token.expired"}


class TokenName(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Stored(msgspec.Struct):
    """What a repeated request may be told: everything but the secret."""

    token: Token


def generate(scope: Scope, name: str) -> Generated:
    name = line("name", name)
    secret, stored = _mint(scope, name)

    def command(unit: Unit) -> Stored:
        _enter(unit, stored)
        token = public(stored, Token)
        unit.emit("token.created", token=token)
        return Stored(token)

    return _generated(run(scope, Stored, command).token, stored, secret)


def rotate(scope: Scope, token_id: str) -> Generated:
    """Replace a token: the old one dies in the transaction that makes the new one."""
    secret, stored = _mint(scope, "")

    def command(unit: Unit) -> Stored:
        old = _active(unit, token_id)
        stored.name = old.name
        _end(unit, old, "rotated")
        _enter(unit, stored)
        token = public(stored, Token)
        unit.emit("token.rotated", token=token, replaced=public(old, Token))
        return Stored(token)

    answer = run(scope, Stored, command, reads=[StoredToken.key(token_id)])
    return _generated(answer.token, stored, secret)


def revoke(scope: Scope, token_id: str) -> None:
    _finish(scope, token_id, "revoked")


def revoke_made_by(scope: Scope, person_id: str) -> None:
    """Revoke what somebody made who is no longer a member. Safe to repeat."""
    cursor: Cursor = None
    while True:
        page = scope.list(StoredToken, StoredToken.key(""), LARGEST_LIMIT, cursor)
        for token in page.items:
            if token.status == "active" and token.created_by.id == person_id:
                with suppress(NotFound):
                    _finish(scope, token.id, "revoked")
        cursor = page.next_cursor
        if cursor is None:
            return


def expire(due: Due) -> bool:
    """Mark a token whose time is over; whether it was alive until now. Safe to repeat."""
    scope = for_system(due.workspace_id)
    if scope is not None:
        try:
            _finish(scope, due.id, "expired")
        except NotFound:
            scope = None
    directory.remove(directory.due_key(due))
    return scope is not None


def tokens(scope: Scope, limit: int, cursor: Cursor) -> Page[Token]:
    """The newest first, the dead ones too; when each was last used comes from its route."""
    page = scope.list(StoredToken, StoredToken.key(""), limit, cursor, newest_first=True)
    keys = {token.id: directory.token_key(token.route) for token in page.items}
    routes: dict[Key, TokenRoute | None] = {}
    ids = list(keys)
    for start in range(0, len(ids), 100):
        _, entries = batch_get([], [keys[id] for id in ids[start : start + 100]])
        routes |= {key: directory.value_of(entry, TokenRoute) for key, entry in entries.items()}
    return Page([_with_use(token, routes.get(keys[token.id])) for token in page.items], page.next_cursor)


def _with_use(stored: StoredToken, route: TokenRoute | None) -> Token:
    token = public(stored, Token)
    if route is not None and route.last_seen_at is not None:
        token.last_used_at = route.last_seen_at
    return token


def _mint(scope: Scope, name: str) -> tuple[str, StoredToken]:
    secret = bearer.new_token()
    now = clock.now()
    stored = StoredToken(
        workspace_id=scope.workspace_id,
        id=new_id(),
        name=name,
        last_four=secret[-4:],
        created_at=now,
        created_by=scope.actor,
        expires_at=now + timedelta(seconds=settings().token_lifetime),
        route=bearer.digest(secret),
    )
    return secret, stored


def _enter(unit: Unit, stored: StoredToken) -> None:
    quotas.add_token(unit.head)
    unit.put(stored)
    route = TokenRoute(stored.workspace_id, stored.id, stored.name, stored.expires_at)
    unit.enter(directory.record(directory.token_key(stored.route), route))
    due = _due(stored)
    unit.enter(directory.record(directory.due_key(due), due))


def _due(stored: StoredToken) -> Due:
    return Due("token_expiry", stored.expires_at, stored.workspace_id, stored.id)


def _active(unit: Unit, token_id: str) -> StoredToken:
    stored = unit.get(StoredToken, token_id)
    if stored.status != "active":
        raise NotFound()
    return stored


def _end(unit: Unit, stored: StoredToken, state: State) -> None:
    presence.turn(unit, stored, connected=False)
    unit.head.usage.tokens -= 1
    stored.status, stored.ended_at = state, clock.now()
    unit.put(stored)
    unit.leave(directory.token_key(stored.route))
    unit.leave(directory.due_key(_due(stored)))


def _finish(scope: Scope, token_id: str, state: State) -> None:
    def command(unit: Unit) -> None:
        stored = _active(unit, token_id)
        _end(unit, stored, state)
        unit.emit(_EVENTS[state], token=public(stored, Token))

    run(scope, type(None), command, reads=[StoredToken.key(token_id)], while_archived=True)


def _generated(answered: Token, minted: StoredToken, secret: str) -> Generated:
    shown = secret if answered.id == minted.id else None
    token = NewToken(**msgspec.structs.asdict(answered), secret=shown)
    url = f"{settings().address}/mcp/{answered.workspace_id}"
    header = f"Bearer {shown or '<the secret that was shown once>'}"
    server = McpServer("http", url, {"Authorization": header})
    command = shlex.join(
        [
            "claude",
            "mcp",
            "add",
            "--transport",
            "http",
            SERVER_NAME,
            url,
            "--header",
            f"Authorization: {header}",
        ]
    )
    return Generated(token, McpJson({SERVER_NAME: server}), command)
