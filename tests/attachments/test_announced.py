"""Files that are announced first and sent afterwards, to this server where there is no object storage."""

from __future__ import annotations

import pytest

from chalicelib.kernel import clock
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.settings import DAY, HOUR, settings
from chalicelib.wiring import maintenance
from tests.support.clients import Agent, Json, Person
from tests.support.files import announce, send_file

CONTENT = bytes(range(256))


def attach(person: Person, workspace_id: str, id: str, status: int = 201) -> Json:
    body = {"title": "t", "attachments": [{"id": id}]}
    answer: Json = person.ask("POST", f"/api/workspaces/{workspace_id}/tasks", status, json=body)
    return answer


def download(person: Person, workspace_id: str, id: str) -> tuple[int, bytes]:
    answer = person.http.get(f"/api/workspaces/{workspace_id}/attachments/{id}")
    return answer.status_code, answer.content


def test_what_was_announced_is_sent_attached_and_downloaded(person: Person, workspace_id: str, agent: Agent) -> None:
    made = announce(person, workspace_id, len(CONTENT))
    assert send_file(person, made, CONTENT).status_code == 204
    assert download(person, workspace_id, made["id"]) == (200, CONTENT)
    task = attach(person, workspace_id, made["id"])
    assert download(person, workspace_id, made["id"]) == (200, CONTENT)
    got = agent.call("downloadAttachment", task_id=task["id"], attachment_id=made["id"])
    assert (got["size"], got["url"]) == (len(CONTENT), None)


def test_what_has_not_arrived_can_be_neither_attached_nor_read(person: Person, workspace_id: str) -> None:
    made = announce(person, workspace_id, 3)
    refused = attach(person, workspace_id, made["id"], 422)
    assert "has not arrived" in refused["detail"]
    assert download(person, workspace_id, made["id"])[0] == 404
    assert send_file(person, made, b"abc").status_code == 204
    attach(person, workspace_id, made["id"])


@pytest.mark.parametrize("content", [b"", b"ab", b"abcd"])
def test_exactly_as_many_bytes_are_taken_as_were_announced(person: Person, workspace_id: str, content: bytes) -> None:
    made = announce(person, workspace_id, 3)
    assert send_file(person, made, content).status_code == 422
    assert blobs().size(workspace_id, made["id"]) is None


def test_an_empty_file_is_a_file(person: Person, workspace_id: str) -> None:
    made = announce(person, workspace_id, 0)
    assert send_file(person, made, b"").status_code == 204
    attach(person, workspace_id, made["id"])
    assert download(person, workspace_id, made["id"]) == (200, b"")


def test_what_was_sent_is_not_changed_by_sending_again(person: Person, workspace_id: str) -> None:
    made = announce(person, workspace_id, 3)
    assert [send_file(person, made, content).status_code for content in (b"abc", b"xyz")] == [204, 204]
    assert download(person, workspace_id, made["id"]) == (200, b"abc")
    attach(person, workspace_id, made["id"])
    assert send_file(person, made, b"xyz").status_code == 404


def test_nobody_else_can_send_it(person: Person, workspace_id: str, agent: Agent) -> None:
    made = announce(person, workspace_id, 3)
    other = person.create_workspace("other")["id"]
    elsewhere = made | {"upload": made["upload"] | {"url": made["upload"]["url"].replace(workspace_id, other)}}
    assert send_file(person, elsewhere, b"abc").status_code == 404
    assert blobs().size(other, made["id"]) is None
    agents = agent.call("createTask", title="t", body="", attachments=[{"filename": "a", "data": "YQ=="}])
    task = person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{agents['task_id']}")
    id = task["attachments"][0]["id"]
    path = made["upload"]["url"].replace(made["id"], id)
    assert send_file(person, made | {"upload": made["upload"] | {"url": path}}, b"b").status_code == 404


def test_an_archived_workspace_takes_no_bytes(person: Person, workspace_id: str) -> None:
    made = announce(person, workspace_id, 3)
    person.ask("PUT", f"/api/workspaces/{workspace_id}/archive")
    assert send_file(person, made, b"abc").json()["code"] == "archived"


def test_what_is_too_large_is_refused_before_it_is_sent(person: Person, workspace_id: str) -> None:
    path = f"/api/workspaces/{workspace_id}/attachments"
    large = {"filename": "a", "size": settings().largest_attachment + 1}
    assert person.ask("POST", path, 413, json=large)["code"] == "too_large"
    for wrong in ({"filename": "a"}, {"filename": "a", "size": 1, "data": "YQ=="}, {"filename": "a", "size": -1}):
        assert person.ask("POST", path, 422, json=wrong)["code"] == "validation_failed"


def test_a_file_is_sent_as_it_is_and_not_as_json(person: Person, workspace_id: str) -> None:
    made = announce(person, workspace_id, 2)
    assert person.http.put(made["upload"]["url"], json={}).status_code == 400


def test_a_repeated_announcement_is_the_same_file(person: Person, workspace_id: str) -> None:
    path, body = f"/api/workspaces/{workspace_id}/attachments", {"filename": "a", "size": 3}
    first, again = (person.ask("POST", path, 201, json=body, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert again["id"] == first["id"]
    assert send_file(person, again, b"abc").status_code == 204


def test_what_was_announced_and_never_attached_is_forgotten(person: Person, workspace_id: str) -> None:
    made = announce(person, workspace_id, 3)
    send_file(person, made, b"abc")
    with clock.moved(DAY + 2 * HOUR):
        maintenance.run_due_work()
        assert send_file(person, made, b"abc").status_code == 404
    assert blobs().size(workspace_id, made["id"]) is None
