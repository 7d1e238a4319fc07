"""How much a workspace may hold: one less than the limit, the limit, one more, and many at the same moment."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from chalicelib.kernel import clock, settings
from chalicelib.kernel.head import Usage
from chalicelib.kernel.quotas import used_bytes
from chalicelib.onebox.program import Program
from tests.support.clients import Person
from tests.support.scopes import of_person

Limit = Callable[..., None]
Make = Callable[[Person, str], httpx.Response]
MOST = 3


@pytest.fixture
def limit(program: Program, monkeypatch: pytest.MonkeyPatch) -> Limit:
    def hold(**changes: Any) -> None:
        monkeypatch.setattr(settings, "_current", msgspec.structs.replace(settings.settings(), **changes))

    return hold


def task(person: Person, ws: str) -> httpx.Response:
    return person.http.post(f"/api/workspaces/{ws}/tasks", json={"title": "One more"})


def token(person: Person, ws: str) -> httpx.Response:
    return person.http.post(f"/api/workspaces/{ws}/tokens", json={"name": "laptop"})


def rule(person: Person, ws: str) -> httpx.Response:
    return person.http.post(f"/api/workspaces/{ws}/permission_rules", json={"tool_name": "Read", "pattern": "*"})


def workspace(person: Person, ws: str) -> httpx.Response:
    return person.http.post("/api/workspaces", json={"name": "One more"})


def file(person: Person, ws: str) -> httpx.Response:
    return person.http.post(f"/api/workspaces/{ws}/attachments", json=upload("x" * 10))


def upload(content: str) -> dict[str, str]:
    return {"filename": "a.txt", "data": base64.b64encode(content.encode()).decode()}


QUOTAS: dict[str, tuple[Make, dict[str, int], int]] = {
    "open_tasks": (task, {"most_open_tasks": MOST}, MOST),
    "tasks": (task, {"most_tasks": MOST}, MOST),
    "tokens": (token, {"most_tokens": MOST}, MOST),
    "permission_rules": (rule, {"most_rules": MOST}, MOST),
    "attachment_bytes": (file, {"most_attachment_bytes": 10 * MOST}, MOST),
    # One is there: the workspace of the test itself.
    "workspaces": (workspace, {"most_workspaces": MOST + 1}, MOST),
}


@pytest.mark.parametrize("name", QUOTAS)
def test_what_fits_is_taken_and_one_more_is_refused_with_what_to_do(
    name: str, limit: Limit, person: Person, workspace_id: str
) -> None:
    make, changes, most = QUOTAS[name]
    limit(**changes)
    assert [make(person, workspace_id).status_code for _ in range(most)] == [201] * most
    refused = make(person, workspace_id)
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["quota"]) == (409, "quota_exceeded", name)
    assert problem["limit"] == next(iter(changes.values()))
    assert str(problem["limit"]) in problem["detail"]
    assert make(person, workspace_id).status_code == 409


@pytest.mark.parametrize("name", QUOTAS)
def test_many_at_the_same_moment_get_no_more_than_fits(
    name: str, limit: Limit, person: Person, workspace_id: str
) -> None:
    make, changes, most = QUOTAS[name]
    limit(**changes)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: make(person, workspace_id).status_code, range(2 * most + 2)))
    assert sorted(answers) == [201] * most + [409] * (most + 2)


@pytest.mark.parametrize("name", [name for name in QUOTAS if name != "workspaces"])
def test_what_one_workspace_holds_is_not_missing_in_another(
    name: str, limit: Limit, new_person: Callable[[], Person]
) -> None:
    make, changes, most = QUOTAS[name]
    one, other = new_person(), new_person()
    limit(**changes)
    for person in (one, other):
        ws = person.create_workspace()["id"]
        assert [make(person, ws).status_code for _ in range(most + 1)] == [201] * most + [409]


def test_workspaces_of_one_person_are_not_missing_for_another(limit: Limit, new_person: Callable[[], Person]) -> None:
    limit(most_workspaces=1)
    for person in (new_person(), new_person()):
        assert [workspace(person, "").status_code for _ in range(2)] == [201, 409]


def test_what_is_removed_makes_room(limit: Limit, person: Person, workspace_id: str) -> None:
    limit(most_open_tasks=1, most_tokens=1, most_rules=1, most_workspaces=2)
    base = f"/api/workspaces/{workspace_id}"
    for _ in range(3):
        made = task(person, workspace_id).json()["id"]
        person.ask("PATCH", f"{base}/tasks/{made}", json={"status": "rejected"})
        made = rule(person, workspace_id).json()["id"]
        person.ask("DELETE", f"{base}/permission_rules/{made}", 204)
        made = token(person, workspace_id).json()["token"]["id"]
        made = person.ask("POST", f"{base}/tokens/{made}/rotation", 201)["token"]["id"]
        person.ask("DELETE", f"{base}/tokens/{made}", 204)
        made = workspace(person, "").json()["id"]
        person.ask("DELETE", f"/api/workspaces/{made}", 204, json={"confirm": "One more"})


def usage(person: Person, ws: str) -> Usage:
    return of_person(person, ws).head.usage


def test_bytes_of_files_are_counted_until_their_task_is_deleted(person: Person, workspace_id: str) -> None:
    base = f"/api/workspaces/{workspace_id}"
    early = person.ask("POST", f"{base}/attachments", 201, json=upload("x" * 5))["id"]
    assert used_bytes(usage(person, workspace_id)) == 5
    made = person.create_task(workspace_id, attachments=[{"id": early}, upload("x" * 7)])["id"]
    words = {"text": "Look", "attachments": [upload("x" * 11)]}
    person.ask("POST", f"{base}/tasks/{made}/messages", 201, json=words)
    assert usage(person, workspace_id) == Usage(attachment_bytes=23)
    person.ask("DELETE", f"{base}/tasks/{made}", 204)
    assert used_bytes(usage(person, workspace_id)) == 0


def test_an_upload_that_is_never_attached_does_not_count_for_ever(
    limit: Limit, person: Person, workspace_id: str
) -> None:
    limit(most_attachment_bytes=10)
    assert [file(person, workspace_id).status_code for _ in range(2)] == [201, 409]
    with clock.moved(timedelta(days=2).total_seconds()):
        assert [file(person, workspace_id).status_code for _ in range(2)] == [201, 409]


def test_an_agent_is_told_what_to_do(limit: Limit, person: Person, workspace_id: str) -> None:
    agent = person.agent(workspace_id).initialize()
    limit(most_open_tasks=0)
    result = agent.result("createTask", title="More", body="")
    assert result["isError"]
    assert result["structuredContent"]["code"] == "quota_exceeded"
    assert "Complete or reject some" in result["content"][0]["text"]
