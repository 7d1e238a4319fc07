"""Which status may follow which, for both sides, through the API that each side has."""

from __future__ import annotations

import pytest

from tests.support.clients import Agent, Person

STATUSES = ["notstarted", "ongoing", "blocked", "completed", "rejected"]
NEXT = {
    "notstarted": {"ongoing", "completed", "rejected"},
    "ongoing": {"completed", "rejected", "blocked"},
    "blocked": {"ongoing", "completed", "rejected"},
    "completed": {"ongoing"},
    "rejected": {"ongoing"},
}
WAY: dict[str, list[str]] = {
    "notstarted": [],
    "ongoing": ["ongoing"],
    "blocked": ["ongoing", "blocked"],
    "completed": ["completed"],
    "rejected": ["rejected"],
}
ALL = [(a, b) for a in STATUSES for b in STATUSES if a != b]


def task_at(person: Person, workspace_id: str, status: str) -> str:
    id: str = person.create_task(workspace_id)["id"]
    for step in WAY[status]:
        person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{id}", json={"status": step})
    return id


@pytest.mark.parametrize(("current", "wanted"), ALL)
def test_a_person_may_move_a_task_as_the_table_says(
    person: Person, workspace_id: str, current: str, wanted: str
) -> None:
    path = f"/api/workspaces/{workspace_id}/tasks/{task_at(person, workspace_id, current)}"
    answer = person.http.patch(path, json={"status": wanted})
    if wanted in NEXT[current]:
        assert answer.json()["status"] == wanted
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
        assert set(answer.json()["legal"]) == NEXT[current]
        assert person.ask("GET", path)["status"] == current


@pytest.mark.parametrize(("current", "wanted"), ALL)
def test_an_agent_may_do_the_same_but_reopen(
    person: Person, workspace_id: str, agent: Agent, current: str, wanted: str
) -> None:
    task_id = task_at(person, workspace_id, current)
    result = agent.result("updateTaskStatus", task_id=task_id, status=wanted)
    legal = NEXT[current] if current not in {"completed", "rejected"} else set()
    if wanted in legal:
        assert result["structuredContent"]["status"] == wanted
    else:
        assert result["isError"]
        assert result["structuredContent"]["code"] == "illegal_transition"
        assert set(result["structuredContent"]["legal"]) == legal
        advice = result["content"][0]["text"]
        assert all(status in advice for status in legal)
        assert legal or "only a person can reopen it" in advice


def test_a_reopened_task_is_ongoing_and_its_agent_hears_of_it(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    id = person.create_task(workspace_id)["id"]
    agent.call("updateTaskStatus", task_id=id, status="completed")
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{id}", json={"status": "ongoing"})
    (entry,) = agent.call("getInbox")["entries"]
    assert (entry["task_id"], entry["kind"]) == (id, "status")


def test_an_agents_reply_starts_a_task_that_was_not_started(person: Person, workspace_id: str, agent: Agent) -> None:
    id = person.create_task(workspace_id)["id"]
    agent.call("reply", chat_id=id, text="on it")
    task = person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{id}")
    assert (task["status"], task["agent"]["id"]) == ("ongoing", agent.token_id)


def test_a_persons_reply_starts_nothing(person: Person, workspace_id: str) -> None:
    id = person.create_task(workspace_id)["id"]
    person.reply(workspace_id, id, "soon")
    assert person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{id}")["status"] == "notstarted"


def test_the_same_status_again_changes_nothing(person: Person, workspace_id: str, agent: Agent) -> None:
    id = person.create_task(workspace_id)["id"]
    agent.call("updateTaskStatus", task_id=id, status="ongoing")
    before = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    agent.call("updateTaskStatus", task_id=id, status="ongoing")
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{id}", json={"status": "ongoing"})
    assert person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"] == before
