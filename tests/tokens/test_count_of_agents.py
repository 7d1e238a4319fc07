"""`counts.agents`: how many agents are connected now, exact at every way in and out, and told with its event."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from chalicelib.kernel import bearer, clock, store
from chalicelib.kernel.directory import Client, Due
from chalicelib.kernel.settings import settings
from chalicelib.tokens import presence, rules
from tests.support.clients import Agent, Json, Person
from tests.support.due import do_what_is_due
from tests.support.scopes import of_agent


def head(person: Person, workspace_id: str) -> Json:
    found: Json = person.ask("GET", f"/api/workspaces/{workspace_id}")
    return found


def agents(person: Person, workspace_id: str) -> int:
    count: int = head(person, workspace_id)["counts"]["agents"]
    return count


def told(person: Person, workspace_id: str, after: int) -> list[tuple[str, int | None]]:
    """The events since `after`, and the count of agents that each told, if any."""
    last = head(person, workspace_id)["seq"]
    stream = person.events(workspace_id, after=after)
    if last > after:
        stream.wait_for(lambda frame: frame.id == str(last))
    stream.close()
    return [(frame.event or "", frame.json.get("counts", {}).get("agents")) for frame in stream.frames]


def tokens(person: Person, workspace_id: str) -> str:
    return f"/api/workspaces/{workspace_id}/tokens"


def revoke(person: Person, agent: Agent) -> None:
    person.ask("DELETE", f"{tokens(person, agent.workspace_id)}/{agent.token_id}", 204)


def rotate(person: Person, agent: Agent) -> None:
    person.ask("POST", f"{tokens(person, agent.workspace_id)}/{agent.token_id}/rotation", 201)


def end_session(person: Person, agent: Agent) -> None:
    assert agent.http.delete(agent.path, headers=agent.headers()).status_code == 204


def fall_silent(person: Person, agent: Agent) -> None:
    with clock.moved(settings().presence_timeout + 1):
        do_what_is_due()


def expire(person: Person, agent: Agent) -> None:
    with clock.moved(settings().token_lifetime + 1):
        assert rules.expire(Due("token_expiry", clock.now(), agent.workspace_id, agent.token_id))


def stay(person: Person, agent: Agent) -> None:
    agent.call("getWorkspace")


ENDS: dict[str, Callable[[Person, Agent], None]] = {
    "token.revoked": revoke,
    "token.rotated": rotate,
    "token.expired": expire,
    "agent.disconnected": fall_silent,
}


def test_the_first_call_of_an_agent_counts_it_and_no_further_one_does(person: Person, workspace_id: str) -> None:
    assert agents(person, workspace_id) == 0
    first, second = person.agent(workspace_id), person.agent(workspace_id, "server")
    assert agents(person, workspace_id) == 0
    before = head(person, workspace_id)["seq"]
    first.initialize()
    for _ in range(3):
        first.call("getWorkspace")
    assert agents(person, workspace_id) == 1
    second.initialize()
    assert second.call("getWorkspace")["counts"]["agents"] == 2
    assert told(person, workspace_id, before) == [("agent.connected", 1), ("agent.connected", 2)]


def test_another_client_with_the_token_is_the_same_agent(person: Person, workspace_id: str, agent: Agent) -> None:
    other = Agent(agent.url, workspace_id, agent.secret, agent.token_id)
    introduction = {
        "protocolVersion": other.version,
        "capabilities": {},
        "clientInfo": {"name": "other-client", "version": "2"},
    }
    before = head(person, workspace_id)["seq"]
    with clock.moved(61):
        assert other.post("initialize", introduction).status_code == 200
    assert told(person, workspace_id, before) == [("agent.connected", None)]
    assert agents(person, workspace_id) == 1


@pytest.mark.parametrize("event", ENDS)
def test_whatever_ends_a_connection_takes_it_from_the_count_and_says_so(
    person: Person, workspace_id: str, agent: Agent, event: str
) -> None:
    other = person.agent(workspace_id, "server")
    with clock.moved(settings().presence_timeout):
        other.initialize()
    before = head(person, workspace_id)["seq"]
    ENDS[event](person, agent)
    assert told(person, workspace_id, before) == [(event, 1)]
    assert agents(person, workspace_id) == 1


def test_the_end_of_a_session_takes_its_agent_from_the_count(person: Person, workspace_id: str, agent: Agent) -> None:
    before = head(person, workspace_id)["seq"]
    end_session(person, agent)
    assert told(person, workspace_id, before) == [("agent.disconnected", 0)]
    assert agents(person, workspace_id) == 0


@pytest.mark.parametrize("event", [event for event in ENDS if event != "agent.disconnected"])
def test_the_end_of_a_token_that_is_not_connected_changes_no_count(
    person: Person, workspace_id: str, agent: Agent, event: str
) -> None:
    end_session(person, agent)
    before = head(person, workspace_id)["seq"]
    ENDS[event](person, agent)
    assert told(person, workspace_id, before) == [(event, None)]
    assert agents(person, workspace_id) == 0


def test_an_agent_that_comes_back_is_counted_again(person: Person, workspace_id: str, agent: Agent) -> None:
    end_session(person, agent)
    agent.session = None
    agent.initialize()
    assert agents(person, workspace_id) == 1
    fall_silent(person, agent)
    agent.call("getWorkspace")
    assert agents(person, workspace_id) == 1


def test_what_comes_too_late_counts_nothing(person: Person, workspace_id: str, agent: Agent) -> None:
    """A call that began before its token died, and the checks that were due of it."""
    scope, digest = of_agent(agent), bearer.digest(agent.secret)
    revoke(person, agent)
    before = head(person, workspace_id)["seq"]
    presence.seen(scope, Client("another", "1"))
    with clock.moved(settings().token_lifetime + 1):
        presence.seen(scope, None)
        assert not presence.check(Due("presence", clock.now(), workspace_id, agent.token_id, digest))
        assert not rules.expire(Due("token_expiry", clock.now(), workspace_id, agent.token_id))
        do_what_is_due()
    assert told(person, workspace_id, before) == []
    assert agents(person, workspace_id) == 0


def test_many_that_come_and_go_at_once_leave_the_count_exact(person: Person, workspace_id: str) -> None:
    crowd = [person.agent(workspace_id, f"agent {number}") for number in range(8)]
    leaving = [revoke, rotate, stay]

    def live(number: int) -> None:
        crowd[number].initialize()
        leaving[number % 3](person, crowd[number])

    threads = [threading.Thread(target=live, args=(number,)) for number in range(len(crowd))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = person.ask("GET", tokens(person, workspace_id))["items"]
    assert agents(person, workspace_id) == sum(token["connected"] for token in listed) == 2


def test_an_archived_workspace_goes_on_counting(person: Person, workspace_id: str, agent: Agent) -> None:
    path = f"/api/workspaces/{workspace_id}/archive"
    other = person.agent(workspace_id, "server")
    assert person.ask("PUT", path)["counts"]["agents"] == 1
    other.initialize()
    assert agents(person, workspace_id) == 2
    revoke(person, agent)
    assert person.ask("DELETE", path)["counts"]["agents"] == 1


def test_a_workspace_with_connected_agents_can_be_deleted_and_purged(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    name = head(person, workspace_id)["name"]
    person.ask("DELETE", f"/api/workspaces/{workspace_id}", 204, json={"confirm": name})
    assert agent.post("tools/list").status_code == 401
    with clock.moved(settings().token_lifetime + 1):
        do_what_is_due()
    assert store.WorkspaceItem.count(workspace_id) == 0
