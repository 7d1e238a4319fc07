"""Scopes for tests of the rules, made from real credentials like any other."""

from __future__ import annotations

from chalicelib.kernel.scope import Scope, for_session, for_token
from chalicelib.kernel.unit import Unit, run
from tests.support.clients import Agent, Person


def of_person(person: Person, workspace_id: str) -> Scope:
    return for_session(person.session.id, person.id, workspace_id)


def of_agent(agent: Agent) -> Scope:
    return for_token(agent.secret, agent.workspace_id)


def emit_events(scope: Scope, number: int) -> None:
    """Write `number` events that change nothing."""

    def command(unit: Unit) -> None:
        for _ in range(min(90, number)):
            unit.emit("test.happened")

    run(scope, type(None), command)
    if number > 90:
        emit_events(scope, number - 90)
