"""Presence follows from what agents do; expiry is marked by the clock. Both are safe to repeat."""

from __future__ import annotations

import pytest

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Due
from chalicelib.kernel.settings import MINUTE, settings
from chalicelib.tokens import presence, rules
from chalicelib.wiring import maintenance
from tests.support.clients import Agent, Json, Person


def token_of(person: Person, workspace_id: str, agent: Agent) -> Json:
    listed: list[Json] = person.ask("GET", f"/api/workspaces/{workspace_id}/tokens")["items"]
    return next(token for token in listed if token["id"] == agent.token_id)


def kinds(person: Person, workspace_id: str) -> list[str]:
    head = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    stream = person.events(workspace_id, after=0)
    stream.wait_for(lambda frame: frame.id == str(head))
    return [frame.event or "" for frame in stream.frames]


def silence() -> float:
    return settings().presence_timeout + 1


def test_an_agent_is_connected_by_its_first_call_and_shows_its_client(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    token = token_of(person, workspace_id, agent)
    assert (token["connected"], token["client"]) == (True, {"name": "test-client", "version": "1"})
    for _ in range(3):
        agent.call("getWorkspace")
    assert kinds(person, workspace_id).count("agent.connected") == 1


def test_an_agent_that_is_silent_is_disconnected_once(person: Person, workspace_id: str, agent: Agent) -> None:
    with clock.moved(silence()):
        maintenance.run_due_work()
        maintenance.run_due_work()
        assert not token_of(person, workspace_id, agent)["connected"]
        assert kinds(person, workspace_id).count("agent.disconnected") == 1


def test_an_agent_that_was_heard_of_stays_connected(person: Person, workspace_id: str, agent: Agent) -> None:
    with clock.moved(silence() - 20):
        agent.call("getWorkspace")
    with clock.moved(silence()):
        maintenance.run_due_work()
        assert token_of(person, workspace_id, agent)["connected"]
    with clock.moved(2 * silence()):
        maintenance.run_due_work()
        assert not token_of(person, workspace_id, agent)["connected"]
        agent.call("getWorkspace")
        assert token_of(person, workspace_id, agent)["connected"]


def test_an_agent_that_ends_its_session_is_disconnected_at_once(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    assert agent.http.delete(agent.path, headers=agent.headers()).status_code == 204
    assert not token_of(person, workspace_id, agent)["connected"]
    assert agent.post("tools/list").status_code == 404


def test_a_check_that_fails_stays_due(
    person: Person, workspace_id: str, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("the storage is away")

    with clock.moved(silence()):
        with monkeypatch.context() as broken:
            broken.setattr(presence, "_disconnect", fail)
            maintenance.run_due_work()
        assert token_of(person, workspace_id, agent)["connected"]
    with clock.moved(silence() + MINUTE):
        maintenance.run_due_work()
        assert not token_of(person, workspace_id, agent)["connected"]


def test_a_token_whose_time_is_over_is_refused_before_it_is_marked(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    with clock.moved(settings().token_lifetime + 1):
        assert agent.post("tools/list").status_code == 401


def test_expiry_is_marked_told_and_repeated_without_harm(person: Person, workspace_id: str, agent: Agent) -> None:
    token = token_of(person, workspace_id, agent)
    with clock.moved(settings().token_lifetime + 1):
        due = Due("token_expiry", clock.now(), workspace_id, agent.token_id)
        assert rules.expire(due)
        assert not rules.expire(due)
        maintenance.run_due_work()
    assert kinds(person, workspace_id).count("token.expired") == 1
    assert token_of(person, workspace_id, agent)["status"] == "expired"
    assert token["status"] == "active"
    assert directory.read(directory.token_key("0" * 64), directory.TokenRoute) is None


def test_a_revoked_token_is_not_marked_expired_later(person: Person, workspace_id: str, agent: Agent) -> None:
    person.ask("DELETE", f"/api/workspaces/{workspace_id}/tokens/{agent.token_id}", 204)
    with clock.moved(settings().token_lifetime + 1):
        maintenance.run_due_work()
    assert token_of(person, workspace_id, agent)["status"] == "revoked"
