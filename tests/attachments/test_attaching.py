"""Files: kept before they are named, attached once, by whoever uploaded them."""

from __future__ import annotations

import base64
import os

import pytest

from chalicelib.kernel import clock
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.settings import DAY, HOUR
from chalicelib.wiring import maintenance
from tests.support.clients import Agent, Json, Person

CONTENT = b"\x00\xff<script>"
FILE = {"filename": "käse.txt", "mime_type": "text/plain", "data": base64.b64encode(CONTENT).decode()}


def upload(person: Person, workspace_id: str) -> Json:
    made: Json = person.ask("POST", f"/api/workspaces/{workspace_id}/attachments", 201, json=FILE)
    return made


def download(person: Person, workspace_id: str, id: str) -> bytes | None:
    answer = person.http.get(f"/api/workspaces/{workspace_id}/attachments/{id}")
    assert answer.status_code in {200, 404}
    return answer.content if answer.status_code == 200 else None


def test_what_was_uploaded_is_downloaded_byte_by_byte(person: Person, workspace_id: str) -> None:
    made = upload(person, workspace_id)
    assert (made["filename"], made["size"]) == ("käse.txt", len(CONTENT))
    assert download(person, workspace_id, made["id"]) == CONTENT


def test_large_files_of_every_byte_survive(person: Person, workspace_id: str) -> None:
    content = os.urandom(3_000_000)
    file = {"filename": "random", "data": base64.b64encode(content).decode()}
    made = person.ask("POST", f"/api/workspaces/{workspace_id}/attachments", 201, json=file)
    assert download(person, workspace_id, made["id"]) == content


def test_an_upload_is_attached_to_a_task_and_the_agent_can_get_it(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    made = upload(person, workspace_id)
    task = person.create_task(workspace_id, attachments=[{"id": made["id"]}])
    assert task["attachments"] == [made]
    got = agent.call("downloadAttachment", task_id=task["id"], attachment_id=made["id"])
    assert base64.b64decode(got["data"]) == CONTENT


def test_an_agents_file_reaches_the_person(person: Person, workspace_id: str, agent: Agent) -> None:
    task = person.create_task(workspace_id)
    agent.call("reply", chat_id=task["id"], text="see", attachments=[FILE])
    path = f"/api/workspaces/{workspace_id}/tasks/{task['id']}/messages"
    (attached,) = person.ask("GET", path)["items"][0]["attachments"]
    assert download(person, workspace_id, attached["id"]) == CONTENT


def test_an_upload_is_attached_once(person: Person, workspace_id: str) -> None:
    made = upload(person, workspace_id)
    person.create_task(workspace_id, attachments=[{"id": made["id"]}])
    again = {"title": "t", "attachments": [{"id": made["id"]}]}
    path = f"/api/workspaces/{workspace_id}/tasks"
    assert person.ask("POST", path, 404, json=again)["code"] == "not_found"
    assert len(person.ask("GET", path)["items"]) == 1


def test_the_same_upload_twice_in_one_task_is_there_once_or_not_at_all(person: Person, workspace_id: str) -> None:
    made = upload(person, workspace_id)
    twice = {"title": "t", "attachments": [{"id": made["id"]}, {"id": made["id"]}]}
    answer = person.http.post(f"/api/workspaces/{workspace_id}/tasks", json=twice)
    assert answer.status_code == 422, answer.text
    assert person.ask("GET", f"/api/workspaces/{workspace_id}/tasks")["items"] == []


def test_somebody_elses_upload_cannot_be_attached(person: Person, workspace_id: str, agent: Agent) -> None:
    made = upload(person, workspace_id)
    stolen = agent.result("createTask", title="t", body="", attachments=[{"id": made["id"]}])
    assert stolen["structuredContent"]["code"] == "not_found"
    elsewhere = upload(person, person.create_workspace("other")["id"])
    for id in (elsewhere["id"], "0" * 11):
        body = {"title": "t", "attachments": [{"id": id}]}
        person.ask("POST", f"/api/workspaces/{workspace_id}/tasks", 404, json=body)
        assert download(person, workspace_id, id) is None


def test_a_file_is_got_only_through_the_task_it_belongs_to(person: Person, workspace_id: str, agent: Agent) -> None:
    task, other = (person.create_task(workspace_id, attachments=[FILE]) for _ in range(2))
    attached = task["attachments"][0]["id"]
    result = agent.result("downloadAttachment", task_id=other["id"], attachment_id=attached)
    assert result["structuredContent"]["code"] == "not_found"


def test_an_upload_that_was_never_attached_is_forgotten_after_a_day(person: Person, workspace_id: str) -> None:
    made = upload(person, workspace_id)
    task = person.create_task(workspace_id, attachments=[FILE])
    with clock.moved(DAY + 1):
        assert download(person, workspace_id, made["id"]) is None
        assert download(person, workspace_id, task["attachments"][0]["id"]) == CONTENT
        late = {"title": "t", "attachments": [{"id": made["id"]}]}
        person.ask("POST", f"/api/workspaces/{workspace_id}/tasks", 404, json=late)


def test_the_bytes_of_what_was_never_attached_are_removed(person: Person, workspace_id: str) -> None:
    unused, used = upload(person, workspace_id)["id"], upload(person, workspace_id)["id"]
    person.create_task(workspace_id, attachments=[{"id": used}])
    with clock.moved(DAY + 2 * HOUR):
        assert maintenance.run_due_work()["uploads forgotten"] >= 1
    assert [blobs().size(workspace_id, id) for id in (unused, used)] == [None, len(CONTENT)]


def test_the_bytes_of_what_could_not_be_attached_are_removed(person: Person, workspace_id: str) -> None:
    body = {"title": "t", "parent_id": "0" * 11, "attachments": [FILE]}
    person.ask("POST", f"/api/workspaces/{workspace_id}/tasks", 404, json=body)
    with clock.moved(DAY + 2 * HOUR):
        maintenance.run_due_work()
    assert blobs().delete_some(workspace_id) == 0


@pytest.mark.parametrize(
    "wrong",
    [{}, {"id": "0" * 11, "data": "YQ=="}, {"data": "YQ=="}, {"filename": "a", "data": "!"}, {"filename": "a"}],
)
def test_an_attachment_is_an_upload_or_a_file(person: Person, workspace_id: str, wrong: Json) -> None:
    body = {"title": "t", "attachments": [wrong]}
    refused = person.ask("POST", f"/api/workspaces/{workspace_id}/tasks", 422, json=body)
    assert refused["errors"][0]["path"].startswith("attachments")


@pytest.mark.parametrize("blank", ["", " \n"])
def test_files_need_no_words_and_words_no_files_but_one_of_them(
    person: Person, workspace_id: str, agent: Agent, blank: str
) -> None:
    task = person.create_task(workspace_id)
    path = f"/api/workspaces/{workspace_id}/tasks/{task['id']}"
    person.ask("POST", f"{path}/messages", 422, json={"text": blank})
    refused = agent.result("reply", chat_id=task["id"], text=blank)
    assert refused["isError"]
    assert refused["structuredContent"]["errors"][0]["path"] == "text"
    made = upload(person, workspace_id)
    person.ask("POST", f"{path}/messages", 201, json={"text": blank, "attachments": [{"id": made["id"]}]})
    assert person.ask("GET", path)["last_message"]["files"] == 1
    agent.call("reply", chat_id=task["id"], text=blank, attachments=[FILE, FILE])
    assert person.ask("GET", path)["last_message"]["files"] == 2
    said = [(one["text"], len(one["attachments"])) for one in person.ask("GET", f"{path}/messages")["items"]]
    assert said == [(blank, 1), (blank, 2)]


def test_an_agent_that_waits_is_answered_by_a_file_alone(person: Person, workspace_id: str, agent: Agent) -> None:
    task = agent.call("createTask", title="Which picture?", body="", assignee="human")["task_id"]
    made = upload(person, workspace_id)
    answer = {"text": "", "attachments": [{"id": made["id"]}]}
    person.ask("POST", f"/api/workspaces/{workspace_id}/tasks/{task}/messages", 201, json=answer)
    heard = agent.call("waitForReply", task_id=task, timeout_s=0)
    assert (heard["status"], heard["text"], heard["attachments"]) == ("answered", "", [made])
