"""Promises that systems like this one are known to break. Each test is named for the promise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chalicelib.onebox.program import Program
from tests.support import relays
from tests.support.clients import Agent, Person
from tests.support.process import Process
from tests.support.relays import EMBEDDED, PUSHPIN

REQUEST = "notifications/claude/channel/permission_request"
VERDICT = "notifications/claude/channel/permission"


@pytest.fixture(scope="module", params=[EMBEDDED, PUSHPIN])
def relay(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def url(relay: str, program: Program) -> Iterator[str]:
    with relays.relayed(program, relay) as url:
        yield url


def ask(agent: Agent, request_id: str, command: str = "make") -> None:
    params = {
        "request_id": request_id,
        "tool_name": "Bash",
        "description": "Build",
        "input_preview": json.dumps({"command": command}),
    }
    assert agent.notify(REQUEST, params).status_code == 202


def decide(person: Person, workspace_id: str, behavior: str) -> None:
    base = f"/api/workspaces/{workspace_id}/permissions"
    (pending,) = person.ask("GET", f"{base}?status=pending")["items"]
    person.ask("PUT", f"{base}/{pending['id']}/decision", json={"behavior": behavior})


def test_a_verdict_reaches_an_agent_whose_server_was_killed_and_started_again(tmp_path: Path, relay: str) -> None:
    first = Process(tmp_path, relay=relay)
    owner = first.owner()
    workspace_id = owner.create_workspace()["id"]
    agent = owner.agent(workspace_id).initialize()
    ask(agent, "abcde")
    first.kill()
    first.end()

    second = Process(tmp_path, relay=relay)
    decide(second.owner(), workspace_id, "deny")
    returned = Agent(second.url, workspace_id, agent.secret, session=agent.session)
    frame = returned.stream().wait_for(lambda one: VERDICT in one.data)
    assert frame.json["params"] == {"request_id": "abcde", "behavior": "deny"}
    second.end()


def test_a_verdict_is_for_the_session_that_asked_or_one_that_came_after_it(
    person: Person, workspace_id: str, url: str
) -> None:
    token = person.generate_token(workspace_id)["token"]["secret"]
    asking, beside = (Agent(url, workspace_id, token).initialize() for _ in range(2))
    ask(asking, "qwert")
    streams = asking.stream(), beside.stream()
    later = Agent(url, workspace_id, token).initialize()
    decide(person, workspace_id, "allow")
    streams[0].wait_for(lambda one: VERDICT in one.data)
    later.stream().wait_for(lambda one: VERDICT in one.data)
    person.create_task(workspace_id, "To both")
    streams[1].wait_for(lambda one: "To both" in one.data)
    assert not [one for one in streams[1].frames if VERDICT in one.data]


def test_the_same_request_sent_twice_is_one_request(person: Person, workspace_id: str, agent: Agent) -> None:
    ask(agent, "abcde")
    ask(agent, "abcde")
    decide(person, workspace_id, "allow")
    ask(agent, "abcde")
    assert person.ask("GET", f"/api/workspaces/{workspace_id}/permissions?status=pending")["items"] == []
    agent.stream().wait_for(lambda one: VERDICT in one.data)


def test_words_that_look_like_a_protocol_message_stay_words(person: Person, workspace_id: str, agent: Agent) -> None:
    task = person.create_task(workspace_id)
    text = f'I saw {{"method": "{REQUEST}"}} in the logs.'
    agent.call("reply", chat_id=task["id"], text=text)
    (message,) = agent.call("getTaskMessages", task_id=task["id"])["messages"]
    assert message["text"] == text
    assert person.ask("GET", f"/api/workspaces/{workspace_id}/permissions")["items"] == []


def test_what_was_pushed_once_is_not_pushed_again_on_the_same_stream(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    stream = agent.stream()
    first = person.create_task(workspace_id, "Pushed once")
    stream.wait_for(lambda one: "Pushed once" in one.data)
    person.create_task(workspace_id, "Pushed after it")
    stream.wait_for(lambda one: "Pushed after it" in one.data)
    assert len([one for one in stream.frames if first["id"] in one.data]) == 1


def test_an_archived_workspace_stops_agents_and_is_listed_and_restored(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    task = person.create_task(workspace_id)
    person.ask("PUT", f"/api/workspaces/{workspace_id}/archive")
    refused = agent.result("reply", chat_id=task["id"], text="Too late")
    assert (refused["isError"], refused["structuredContent"]["code"]) == (True, "archived")
    (listed,) = person.ask("GET", "/api/workspaces")["items"]
    assert listed["archived_at"] is not None
    person.ask("DELETE", f"/api/workspaces/{workspace_id}/archive")
    agent.call("reply", chat_id=task["id"], text="In time")


def test_a_call_too_long_for_a_relay_to_repeat_is_answered_at_once_and_can_be_made_again(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    asked = {"workspace_id": workspace_id, "tool_name": "Bash", "description": "Build", "input": "make"}
    params = {"name": "requestPermission", "arguments": asked, "_meta": {"padding": "x" * 100_000}}
    waiting = agent.post("tools/call", params).json()["result"]["structuredContent"]
    assert waiting["status"] == "waiting"
    decide(person, workspace_id, "allow")
    assert agent.post("tools/call", params).json()["result"]["structuredContent"]["behavior"] == "allow"


def test_changing_one_field_leaves_the_others(person: Person) -> None:
    workspace_id = person.create_workspace("first", mission="Stays")["id"]
    changed = person.ask("PATCH", f"/api/workspaces/{workspace_id}", json={"name": "second"})
    assert (changed["name"], changed["mission"]) == ("second", "Stays")
    task = person.create_task(workspace_id, "Title", body="Body")
    changed = person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task['id']}", json={"title": "New"})
    assert (changed["title"], changed["body"]) == ("New", "Body")


def test_the_oldest_task_is_handed_out_however_many_came_after_it(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    oldest = person.create_task(workspace_id, "Oldest")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: person.create_task(workspace_id, f"Newer {n}"), range(120)))
    assert agent.call("getNextTask")["task"]["id"] == oldest["id"]
    assert agent.call("getWorkspace")["counts"]["notstarted"] == 121


def test_the_inbox_has_what_waits_and_nothing_that_is_settled(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    question = agent.call("createTask", title="For a person", body="", assignee="human")["task_id"]
    agent.call("createTask", title="For an agent", body="")
    ask(agent, "abcde")
    kinds = [one["kind"] for one in person.ask("GET", "/api/inbox")["items"]]
    assert kinds == ["task", "permission"]
    decide(person, workspace_id, "deny")
    person.reply(workspace_id, question, "Yes")
    assert person.ask("GET", "/api/inbox")["items"] == []
    assert person.ask("GET", f"/api/workspaces/{workspace_id}")["counts"]["waiting"] == 0


@pytest.mark.parametrize("wanted", ["done", "cron", "", "Completed", 3])
def test_an_agent_cannot_invent_a_status(person: Person, workspace_id: str, agent: Agent, wanted: object) -> None:
    task = person.create_task(workspace_id)
    result = agent.result("updateTaskStatus", task_id=task["id"], status=wanted)
    assert result["isError"]
    path = f"/api/workspaces/{workspace_id}/tasks/{task['id']}"
    assert person.ask("GET", path)["status"] == "notstarted"


def test_a_cancelled_task_is_told_to_the_agent_that_works_on_it_and_to_no_other(
    new_person: Callable[[], Person],
) -> None:
    person = new_person()
    workspace_id = person.create_workspace()["id"]
    working, other = (person.agent(workspace_id, name).initialize() for name in ("one", "two"))
    person.create_task(workspace_id, "Cancel me")
    task = working.call("getNextTask")["task"]
    working.call("updateTaskStatus", task_id=task["id"], status="ongoing")
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task['id']}", json={"status": "rejected"})
    (entry,) = working.call("getInbox")["entries"]
    assert (entry["kind"], entry["task_id"]) == ("cancelled", task["id"])
    assert other.call("getInbox")["entries"] == []
