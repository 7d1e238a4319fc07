"""An archived workspace is read-only for everybody, and comes back as it was."""

from __future__ import annotations

import pytest

from tests.support.clients import Agent, Json, Person


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"name": "x"}),
        ("POST", "/tasks", {"title": "x"}),
        ("POST", "/tokens", {"name": "x"}),
        ("POST", "/attachments", {"filename": "x", "data": ""}),
        ("POST", "/permission_rules", {"tool_name": "Bash", "pattern": "ls"}),
    ],
)
def test_people_cannot_change_it(person: Person, workspace_id: str, method: str, path: str, body: Json) -> None:
    base = f"/api/workspaces/{workspace_id}"
    archived = person.ask("PUT", f"{base}/archive")
    refused = person.ask(method, base + path, 409, json=body)
    assert refused["code"] == "archived"
    assert person.ask("GET", base) == archived


def test_agents_cannot_change_it_but_read_it(person: Person, workspace_id: str, agent: Agent) -> None:
    task = person.create_task(workspace_id)
    person.ask("PUT", f"/api/workspaces/{workspace_id}/archive")
    assert agent.call("getWorkspace")["archived"]
    assert agent.call("getTaskMessages", task_id=task["id"])["messages"] == []
    for tool, arguments in {
        "createTask": {"title": "t", "body": ""},
        "reply": {"chat_id": task["id"], "text": "x"},
        "updateTaskStatus": {"task_id": task["id"], "status": "ongoing"},
        "getNextTask": {},
    }.items():
        assert agent.result(tool, **arguments)["structuredContent"]["code"] == "archived"


def test_a_token_can_be_revoked_all_the_same(person: Person, workspace_id: str, agent: Agent) -> None:
    person.ask("PUT", f"/api/workspaces/{workspace_id}/archive")
    person.ask("DELETE", f"/api/workspaces/{workspace_id}/tokens/{agent.token_id}", 204)
    assert agent.post("tools/list").status_code == 401


def test_restoring_it_makes_it_writable_again(person: Person, workspace_id: str) -> None:
    base = f"/api/workspaces/{workspace_id}"
    before = person.ask("GET", base)
    first = person.ask("PUT", f"{base}/archive")
    assert person.ask("PUT", f"{base}/archive") == first
    restored = person.ask("DELETE", f"{base}/archive")
    assert (restored["archived_at"], restored["version"]) == (None, before["version"] + 2)
    person.create_task(workspace_id)
