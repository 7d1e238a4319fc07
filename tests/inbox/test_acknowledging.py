"""An agent's inbox: everything stays until it is acknowledged, and what is settled goes by itself."""

from __future__ import annotations

import pytest

from tests.support.clients import Agent, Json, Person


@pytest.fixture
def question(agent: Agent) -> str:
    id: str = agent.call("createTask", title="?", body="", assignee="human")["task_id"]
    return id


def inbox(agent: Agent, **arguments: object) -> list[Json]:
    entries: list[Json] = agent.call("getInbox", **arguments)["entries"]
    return entries


def kinds(agent: Agent) -> list[str]:
    return [entry["kind"] for entry in inbox(agent)]


def unread(agent: Agent) -> int:
    return int(agent.call("getWorkspace").get("unread", 0))


def test_an_entry_comes_back_until_it_is_acknowledged(
    person: Person, workspace_id: str, agent: Agent, question: str
) -> None:
    person.reply(workspace_id, question, "yes")
    (entry,) = inbox(agent)
    assert inbox(agent) == [entry]
    assert entry["task_id"] == question
    answer = agent.call("getInbox", ack=[entry["id"]])
    assert (answer["entries"], answer["acknowledged"]) == ([], [entry["id"]])
    assert agent.call("getInbox", ack=[entry["id"]])["acknowledged"] == []


def test_every_answer_says_how_much_waits(person: Person, workspace_id: str, agent: Agent, question: str) -> None:
    assert unread(agent) == 0
    for number in range(3):
        person.reply(workspace_id, question, str(number))
        assert unread(agent) == number + 1
    first = inbox(agent, limit=1)[0]
    agent.call("getInbox", ack=[first["id"]])
    assert unread(agent) == 2


def test_an_agent_cannot_acknowledge_for_another(
    person: Person, workspace_id: str, agent: Agent, question: str
) -> None:
    person.reply(workspace_id, question, "yes")
    other = person.agent(workspace_id, "other").initialize()
    id = inbox(agent)[0]["id"]
    assert other.call("getInbox", ack=[id, "0" * 11])["acknowledged"] == []
    assert kinds(agent) == ["reply"]
    assert kinds(other) == []


def test_an_offer_that_one_agent_acknowledged_still_waits_for_the_other(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    other = person.agent(workspace_id, "other").initialize()
    person.create_task(workspace_id)
    agent.call("getInbox", ack=[inbox(agent)[0]["id"]])
    assert (kinds(agent), unread(agent)) == ([], 0)
    assert (kinds(other), unread(other)) == (["task"], 1)


def test_offers_behind_many_that_were_acknowledged_are_seen(person: Person, workspace_id: str, agent: Agent) -> None:
    made = {person.create_task(workspace_id, f"t{number}")["id"] for number in range(7)}
    seen: set[str] = set()
    while entries := inbox(agent, limit=2):
        seen |= {entry["task_id"] for entry in entries}
        agent.call("getInbox", ack=[entry["id"] for entry in entries], limit=2)
    assert seen == made
    assert unread(agent) == 0


@pytest.mark.parametrize("how", ["claimed", "started", "replied", "by a person", "deleted", "given to a person"])
def test_an_offer_is_gone_once_the_task_is_no_longer_there_to_be_claimed(
    person: Person, workspace_id: str, agent: Agent, how: str
) -> None:
    other = person.agent(workspace_id, "other").initialize()
    id = person.create_task(workspace_id)["id"]
    path = f"/api/workspaces/{workspace_id}/tasks/{id}"
    assert (kinds(agent), kinds(other)) == (["task"], ["task"])
    match how:
        case "claimed":
            other.call("getNextTask")
        case "started":
            other.call("updateTaskStatus", task_id=id, status="ongoing")
        case "replied":
            other.call("reply", chat_id=id, text="on it")
        case "by a person":
            person.ask("PATCH", path, json={"status": "rejected"})
        case "deleted":
            person.ask("DELETE", path, 204)
        case _:
            person.ask("PATCH", path, json={"assignee": "human"})
    for one in (agent, other):
        assert (kinds(one), unread(one)) == ([], 0)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("reply", {"text": "thanks"}),
        ("updateTaskStatus", {"status": "completed"}),
        ("getTaskMessages", {}),
        ("waitForReply", {}),
    ],
)
def test_acting_on_a_task_acknowledges_what_the_inbox_said_of_it_and_nothing_else(
    person: Person, workspace_id: str, agent: Agent, question: str, tool: str, arguments: Json
) -> None:
    other = agent.call("createTask", title="??", body="", assignee="human")["task_id"]
    person.reply(workspace_id, question, "yes")
    person.reply(workspace_id, other, "no")
    name = "chat_id" if tool == "reply" else "task_id"
    agent.call(tool, **{name: question}, **arguments)
    assert [entry["task_id"] for entry in inbox(agent)] == [other]
    assert unread(agent) == 1


def test_entries_come_in_the_order_of_what_happened(
    person: Person, workspace_id: str, agent: Agent, question: str
) -> None:
    person.create_task(workspace_id, "new")
    person.reply(workspace_id, question, "yes")
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{question}", json={"status": "rejected"})
    assert kinds(agent) == ["task", "reply", "cancelled"]
    assert kinds(agent) == ["task", "reply", "cancelled"]


def test_the_inbox_can_be_read_as_a_resource(person: Person, workspace_id: str, agent: Agent, question: str) -> None:
    person.reply(workspace_id, question, "yes")
    answer = agent.post("resources/read", {"uri": f"handrail://{workspace_id}/inbox"}).json()
    assert "yes" in answer["result"]["contents"][0]["text"]


def test_a_persons_inbox_shows_what_waits_oldest_first_and_nothing_that_was_dealt_with(
    person: Person, workspace_id: str, agent: Agent, question: str
) -> None:
    notify = {"request_id": "r", "tool_name": "Bash", "input_preview": "ls"}
    agent.notify("notifications/claude/channel/permission_request", notify)
    waiting = person.ask("GET", "/api/inbox")
    assert [(one["kind"], one["workspace"]["id"]) for one in waiting["items"]] == [
        ("task", workspace_id),
        ("permission", workspace_id),
    ]
    permission = waiting["items"][1]["permission"]["id"]
    person.reply(workspace_id, question, "done")
    path = f"/api/workspaces/{workspace_id}/permissions/{permission}/decision"
    person.ask("PUT", path, json={"behavior": "allow"})
    assert person.ask("GET", "/api/inbox")["items"] == []
    assert person.ask("GET", f"/api/workspaces/{workspace_id}")["counts"]["waiting"] == 0


def test_one_change_that_ends_an_offer_twice_over_counts_it_once(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    id = person.create_task(workspace_id)["id"]
    person.create_task(workspace_id, "another")
    change = {"assignee": "human", "status": "completed"}
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{id}", json=change)
    assert (kinds(agent), unread(agent)) == (["task"], 1)
