"""The agent's stream: what it is told, whom it is told to, and that being away loses nothing."""

from __future__ import annotations

import pytest

from chalicelib.inbox import push
from chalicelib.inbox import rules as inbox
from chalicelib.kernel import clock
from chalicelib.kernel.unit import Unit, run
from chalicelib.onebox.program import Program
from tests.support.clients import Agent, EventStream, Json, Person
from tests.support.scopes import of_agent, of_person
from tests.support.streams import hang_up
from tests.support.waiting import everything_published

CHANNEL = "notifications/claude/channel"
VERDICT = "notifications/claude/channel/permission"
REQUEST = "notifications/claude/channel/permission_request"


def told(stream: EventStream, kind: str, about: str = "") -> Json:
    """The first channel notification of this kind."""

    def fits(meta: Json) -> bool:
        return meta["kind"] == kind and about in (meta["chat_id"], "")

    frame = stream.wait_for(lambda f: f.json["method"] == CHANNEL and fits(f.json["params"]["meta"]))
    params: Json = frame.json["params"]
    return params


def verdicts(stream: EventStream) -> list[tuple[str, str]]:
    sent = [frame.json for frame in stream.frames]
    return [(m["params"]["request_id"], m["params"]["behavior"]) for m in sent if m["method"] == VERDICT]


def request(agent: Agent, id: str = "r1") -> None:
    answer = agent.notify(REQUEST, {"request_id": id, "tool_name": "Bash", "description": "", "input_preview": "ls"})
    assert answer.status_code == 202, answer.text


def decide(person: Person, workspace_id: str, behavior: str = "allow") -> None:
    base = f"/api/workspaces/{workspace_id}/permissions"
    for one in person.ask("GET", f"{base}?status=pending")["items"]:
        person.ask("PUT", f"{base}/{one['id']}/decision", json={"behavior": behavior})


@pytest.fixture
def two(person: Person, workspace_id: str) -> tuple[Agent, Agent]:
    one, other = (person.agent(workspace_id, name).initialize() for name in ("one", "other"))
    return one, other


def test_a_new_task_is_told_to_every_agent_with_all_that_claude_code_needs(
    person: Person, workspace_id: str, two: tuple[Agent, Agent]
) -> None:
    streams = [agent.stream() for agent in two]
    task = person.create_task(workspace_id, "Fix it", body="Now")
    for stream in streams:
        params = told(stream, "task")
        assert "Fix it" in params["content"]
        assert "Now" in params["content"]
        assert params["meta"].keys() == {"chat_id", "message_id", "user", "ts", "kind"}
        assert all(isinstance(value, str) for value in params["meta"].values())
        assert (params["meta"]["chat_id"], params["meta"]["user"]) == (task["id"], person.session.name)


def test_a_reassigned_task_is_told(person: Person, workspace_id: str, agent: Agent) -> None:
    stream = agent.stream()
    task = person.create_task(workspace_id, assignee="human")
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task['id']}", json={"assignee": "agent"})
    assert told(stream, "task")["meta"]["chat_id"] == task["id"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [("blocked", "status"), ("completed", "status"), ("rejected", "cancelled")],
)
def test_what_a_person_does_to_a_task_is_told_to_the_agent_that_has_it_and_no_other(
    program: Program, person: Person, workspace_id: str, two: tuple[Agent, Agent], status: str, kind: str
) -> None:
    task = person.create_task(workspace_id)
    two[0].call("updateTaskStatus", task_id=task["id"], status="ongoing")
    mine, theirs = two[0].stream(), two[1].stream()
    person.reply(workspace_id, task["id"], "how far?")
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task['id']}", json={"status": status})
    assert "how far?" in told(mine, "reply")["content"]
    assert told(mine, kind)["meta"]["chat_id"] == task["id"]
    everything_published(program)
    person.create_task(workspace_id, "for all")
    told(theirs, "task")
    assert [frame.json["params"]["meta"]["kind"] for frame in theirs.frames] == ["task"]


def test_what_came_while_an_agent_was_away_comes_when_it_connects(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    task = agent.call("createTask", title="?", body="", assignee="human")["task_id"]
    person.reply(workspace_id, task, "while you slept")
    assert "while you slept" in told(agent.stream(), "reply")["content"]
    assert "while you slept" in told(agent.initialize().stream(), "reply")["content"]


def test_a_stream_that_resumes_gets_what_came_since_and_nothing_twice(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    first = agent.stream()
    person.create_task(workspace_id, "before")
    told(first, "task")
    last = first.frames[-1].id
    hang_up(first)
    second_task = person.create_task(workspace_id, "between")
    resumed = agent.stream(last)
    third_task = person.create_task(workspace_id, "after")
    resumed.wait_for(lambda frame: third_task["id"] in frame.data)
    told_of = [frame.json["params"]["meta"]["chat_id"] for frame in resumed.frames]
    assert told_of == [second_task["id"], third_task["id"]]


def test_a_verdict_comes_as_the_notification_that_claude_code_understands(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    stream = agent.stream()
    request(agent)
    decide(person, workspace_id, "deny")
    frame = stream.wait_for(lambda f: f.json["method"] == VERDICT)
    assert frame.json["params"] == {"request_id": "r1", "behavior": "deny"}


def test_only_the_session_that_asked_gets_the_verdict(
    program: Program, person: Person, workspace_id: str, agent: Agent
) -> None:
    elder = agent.stream()
    asking = Agent(agent.url, workspace_id, agent.secret, agent.token_id).initialize()
    stream = asking.stream()
    request(asking)
    decide(person, workspace_id)
    stream.wait_for(lambda f: f.json["method"] == VERDICT)
    everything_published(program)
    task = person.create_task(workspace_id, "for all")
    elder.wait_for(lambda frame: task["id"] in frame.data)
    assert verdicts(elder) == []
    assert verdicts(stream) == [("r1", "allow")]


def test_another_agent_never_gets_a_verdict(person: Person, workspace_id: str, two: tuple[Agent, Agent]) -> None:
    mine, theirs = two[0].stream(), two[1].stream()
    request(two[0])
    decide(person, workspace_id)
    mine.wait_for(lambda f: f.json["method"] == VERDICT)
    task = person.create_task(workspace_id)
    theirs.wait_for(lambda frame: task["id"] in frame.data)
    assert verdicts(theirs) == []


@pytest.mark.parametrize("new_session", [True, False])
def test_a_verdict_given_while_the_agent_was_away_reaches_it(
    person: Person, workspace_id: str, agent: Agent, new_session: bool
) -> None:
    stream = agent.stream()
    request(agent)
    hang_up(stream)
    decide(person, workspace_id)
    again = (agent.initialize() if new_session else agent).stream()
    again.wait_for(lambda f: f.json["method"] == VERDICT)
    assert verdicts(again) == [("r1", "allow")]


def test_a_verdict_that_was_delivered_does_not_come_back(
    program: Program, person: Person, workspace_id: str, agent: Agent
) -> None:
    stream = agent.stream()
    request(agent)
    decide(person, workspace_id)
    stream.wait_for(lambda f: f.json["method"] == VERDICT)
    with clock.moved(40):
        task = person.create_task(workspace_id)
        stream.wait_for(lambda frame: task["id"] in frame.data)
        everything_published(program)
        entries = agent.call("getInbox")["entries"]
    assert [entry["kind"] for entry in entries] == ["task"]


def test_an_agent_that_never_acknowledges_anything_is_still_told_of_what_is_new(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    def fill(unit: Unit) -> None:
        for _ in range(40):
            inbox.deliver(unit, agent.token_id, "status", "old")
            unit.emit("test.happened")

    question = agent.call("createTask", title="?", body="", assignee="human")["task_id"]
    scope = of_person(person, workspace_id)
    for _ in range(6):
        run(scope, type(None), fill)
    stream = agent.stream(str(of_person(person, workspace_id).head.seq))
    person.reply(workspace_id, question, "news")
    task = person.create_task(workspace_id)
    assert "news" in told(stream, "reply")["content"]
    assert told(stream, "task")["meta"]["chat_id"] == task["id"]


def test_any_number_of_verdicts_that_were_delivered_go_at_once(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    def fill(unit: Unit) -> None:
        for number in range(40):
            inbox.deliver(unit, agent.token_id, "permission", "yes", request_id=f"r{number}", behavior="allow")
            unit.emit("test.happened")

    for _ in range(3):
        run(of_person(person, workspace_id), type(None), fill)
    with clock.moved(40):
        scope = of_agent(agent)
        assert len(push.frames(scope, 0)) == 120
        assert push.frames(scope, scope.head.seq) == []
    assert agent.call("getInbox")["entries"] == []
