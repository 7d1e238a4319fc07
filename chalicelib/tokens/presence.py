"""Presence of agents: it follows from what they do (calls, held streams), never from a flag that somebody sets.

A call moves `last_seen_at` on the token's route, at most once a minute. The first call after a silence writes
`agent.connected`; a scheduled function writes `agent.disconnected` when nothing was heard for `presence_timeout`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Client, Due, TokenRoute
from chalicelib.kernel.entity import Entity, public
from chalicelib.kernel.scope import Scope, for_system
from chalicelib.kernel.settings import MINUTE, settings
from chalicelib.kernel.store import Key
from chalicelib.kernel.unit import Unit, run
from chalicelib.tokens.model import StoredToken, Token


def seen(scope: Scope, client: Client | None) -> None:
    """The agent of `scope` just called."""
    route = scope.route
    if route is None or scope.route_key is None:
        return
    now = clock.now()
    quiet = route.last_seen_at is None or route.last_seen_at <= now - timedelta(seconds=MINUTE)
    if not route.connected or (quiet and client not in (None, route.client)):
        _connect(scope, route, client or route.client)
    elif quiet:
        directory.update(scope.route_key, msgspec.structs.replace(route, last_seen_at=now))


def left(scope: Scope, ended: Entity) -> None:
    """The agent of `scope` ended its session (`ended` records it)."""

    def command(unit: Unit) -> None:
        unit.put(ended)
        _disconnect(unit, scope.credential_id, scope.route)

    run(scope, type(None), command, reads=[StoredToken.key(scope.credential_id)], while_archived=True)


def turn(unit: Unit, token: StoredToken, *, connected: bool) -> None:
    """The only place that changes `connected`, so that the head's count of agents stays exact."""
    unit.head.counts.agents += connected - token.connected
    token.connected = connected


def sift(dues: Sequence[Due]) -> list[Due]:
    """Those whose agents are silent. The others are looked at again when they may be; three round trips for all.

    What is moved is written before anything is removed, so that no agent is ever forgotten.
    """
    routes = directory.read_all({_route_key(due) for due in dues}, TokenRoute)
    silent: list[Due] = []
    moved: dict[Key, Due] = {}
    for due in dues:
        route = routes[_route_key(due)]
        if route is not None and route.connected:
            if (silent_from := _silent_from(due, route)) <= clock.now():
                silent.append(due)
                continue
            later = msgspec.structs.replace(due, at=silent_from)
            moved[directory.due_key(later)] = later
    directory.write_all(directory.record(key, later) for key, later in moved.items())
    kept = {*moved, *(directory.due_key(due) for due in silent)}
    directory.write_all([], {directory.due_key(due) for due in dues} - kept)
    return silent


def check(due: Due) -> bool:
    """Whether the agent is gone. If it was heard of in the meantime, look again later. Safe to repeat.

    The entry goes last, so that what fails or is interrupted stays due.
    """
    route = directory.read(_route_key(due), TokenRoute)
    if route is not None and route.connected:
        if (silent_from := _silent_from(due, route)) > clock.now():
            directory.move(due, silent_from)
            return False
        scope = for_system(due.workspace_id)
        gone = scope is not None and run(
            scope,
            bool,
            lambda unit: _disconnect(unit, due.id, route),
            reads=[StoredToken.key(due.id)],
            while_archived=True,
        )
    else:
        gone = False
    directory.remove(directory.due_key(due))
    return gone


def _route_key(due: Due) -> Key:
    return directory.token_key(due.route)


def _silent_from(due: Due, route: TokenRoute) -> datetime:
    return (route.last_seen_at or due.at) + timedelta(seconds=settings().presence_timeout)


def _connect(scope: Scope, route: TokenRoute, client: Client | None) -> None:
    def command(unit: Unit) -> None:
        token = unit.find(StoredToken, scope.credential_id)
        if token is None or token.status != "active":
            return
        now = clock.now()
        turn(unit, token, connected=True)
        token.client, token.last_used_at = client, now
        unit.put(token)
        current = TokenRoute(route.workspace_id, route.token_id, token.name, route.expires_at, now, True, client)
        key = directory.token_key(token.route)
        unit.enter(directory.record(key, current), directory.exists())
        at = now + timedelta(seconds=settings().presence_timeout)
        due = Due("presence", at, scope.workspace_id, token.id, token.route)
        unit.enter(directory.record(directory.due_key(due), due))
        unit.emit("agent.connected", token=public(token, Token))

    run(
        scope.with_idempotency(None),
        type(None),
        command,
        reads=[StoredToken.key(scope.credential_id)],
        while_archived=True,
    )


def _disconnect(unit: Unit, token_id: str, route: TokenRoute | None) -> bool:
    """Whether it was connected until now."""
    token = unit.find(StoredToken, token_id)
    if token is None or not token.connected or token.status != "active":
        return False
    if route is not None:
        quiet = msgspec.structs.replace(route, connected=False)
        unit.enter(directory.record(directory.token_key(token.route), quiet), directory.exists())
        token.last_used_at = route.last_seen_at
    turn(unit, token, connected=False)
    unit.put(token)
    unit.emit("agent.disconnected", token=public(token, Token))
    return True
