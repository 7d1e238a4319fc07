"""Whatever a client sends, it is told what is wrong with it, in the form it expects, and nothing breaks."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import httpx
import pytest

from chalicelib.kernel.settings import KIB, MIB, settings
from chalicelib.onebox.program import Program
from tests.support.clients import Agent, Json, Person
from tests.support.worlds import World, full_world

DEEP = b"[" * 100_000 + b"]" * 100_000
# What no JSON reader should take for JSON, and what it should not take for the value it looks like.
UNREADABLE = {
    "nothing but blanks": b"   ",
    "cut off": b'{"title":"x"',
    "two values": b'{"title":"x"} {"title":"y"}',
    "invalid UTF-8": b'{"title":"\xff\xfe"}',
    "overlong UTF-8": b'{"title":"\xc0\xaf"}',
    "UTF-16": '{"title":"x"}'.encode("utf-16"),
    "encoded surrogate": b'{"title":"\xed\xa0\x80"}',
    "lone surrogate": b'{"title":"\\ud800"}',
    "byte order mark": b'\xef\xbb\xbf{"title":"x"}',
    "NUL outside of a string": b'\x00{"title":"x"}',
    "raw NUL in a string": b'{"title":"a\x00b"}',
    "NaN": b'{"title":"x","position":NaN}',
    "Infinity": b'{"title":"x","position":-Infinity}',
    "repeated key": b'{"title":"x","title":"y"}',
    "repeated key, escaped": b'{"title":"x","t\\u0069tle":"y"}',
    "repeated key, deep inside": b'{"title":"x","attachments":[{"id":"a","id":"b"}]}',
    "single quotes": b"{'title':'x'}",
    "comment": b'{"title":"x"/* */}',
    "trailing comma": b'{"title":"x",}',
    "leading zero": b'{"title":01}',
    "deep array": DEEP,
    "deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "huge number": b'{"title":"x","version":' + b"9" * 5_000 + b"}",
    "huge exponent": b'{"title":"x","version":1e999999}',
}
WRONG_VALUES: list[Json] = [
    {},
    {"title": None},
    {"title": 7},
    {"title": ["x"]},
    {"title": {"text": "x"}},
    {"title": True},
    {"title": ""},
    {"title": "   "},
    {"title": "x" * 256},
    {"title": "x", "body": "x" * 65_537},
    {"title": "x", "assignee": "somebody"},
    {"title": "x", "parent_id": "../../etc"},
    {"title": "x", "parent_id": 1},
    {"title": "x", "attachments": "x"},
    {"title": "x", "attachments": [{}]},
    {"title": "x", "attachments": [{"id": "0" * 11, "data": "eA=="}]},
    {"title": "x", "attachments": [{"data": "eA=="}]},
    {"title": "x", "attachments": [{"filename": "x", "data": "not base64!"}]},
    {"title": "x", "attachments": [{"filename": "x", "data": "eA=="}] * 11},
    {"title": "x", "created_by": {"kind": "person", "id": "x", "name": "x"}},
    {"title": "x", "id": "0" * 11},
    {"title": "x", "__proto__": {}},
]


def is_problem(answer: httpx.Response, status: int, code: str) -> Json:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: Json = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["title"]
    assert problem["detail"]
    return problem


def tasks(world: World) -> str:
    return f"/api/workspaces/{world.workspace_id}/tasks"


# -- REST bodies --------------------------------------------------------------------------


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_body_that_is_no_json_is_refused(body: bytes, place: World) -> None:
    before = place.items()
    answer = place.person.http.post(tasks(place), content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    is_problem(answer, answer.status_code, "bad_request" if answer.status_code == 400 else "validation_failed")
    assert len(answer.content) < 2 * KIB
    assert place.items() == before


@pytest.mark.parametrize("body", [[], "x", 1, None, True, [{"title": "x"}]])
def test_a_body_that_is_no_object_is_refused(body: Any, place: World) -> None:
    is_problem(place.person.http.post(tasks(place), json=body), 422, "validation_failed")


@pytest.mark.parametrize("body", WRONG_VALUES, ids=lambda body: json.dumps(body)[:40])
def test_values_that_cannot_be_accepted_are_named(body: Json, place: World) -> None:
    before = place.items()
    problem = is_problem(place.person.http.post(tasks(place), json=body), 422, "validation_failed")
    assert problem["errors"]
    assert all({"path", "message"} == set(error) for error in problem["errors"])
    assert place.items() == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "x"])
def test_a_body_of_another_type_is_refused(kind: str, place: World) -> None:
    """A form of another site could send these without asking first."""
    answer = place.person.http.post(tasks(place), content=b'{"title":"x"}', headers={"Content-Type": kind})
    is_problem(answer, 400, "bad_request")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=-1", "other=1", "cursor="])
def test_a_query_that_cannot_be_accepted_is_named(query: str, place: World) -> None:
    is_problem(place.person.http.get(f"{tasks(place)}?{query}"), 422, "validation_failed")


@pytest.mark.parametrize(
    "id", ["x", "0" * 10, "0" * 12, "..", "%2e%2e", "%00", "a%2Fb", "%ff", "0000000000é", " " * 11]
)
def test_what_has_not_the_form_of_an_id_is_not_found(id: str, place: World) -> None:
    for path in (f"/api/workspaces/{id}", f"{tasks(place)}/{id}", f"{tasks(place)}/{id}/messages"):
        answer = place.person.http.get(path.replace("..", "%2e%2e"))
        is_problem(answer, 404, "not_found")


def test_a_method_that_a_path_has_not_is_refused_with_those_it_has(place: World) -> None:
    answer = place.person.http.put(tasks(place), json={})
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"
    is_problem(place.person.http.get("/api/nothing/here"), 404, "not_found")


def test_what_is_too_large_is_refused_before_it_is_read(place: World) -> None:
    too_much = b" " * (settings().largest_api_body + 1)
    headers = {"Content-Type": "application/json"}
    is_problem(place.person.http.post(tasks(place), content=too_much, headers=headers), 413, "too_large")
    pieces = (b" " * MIB for _ in range(settings().largest_api_body // MIB + 1))
    is_problem(place.person.http.post(tasks(place), content=pieces, headers=headers), 413, "too_large")
    is_problem(place.person.http.get(f"{tasks(place)}?q={'x' * 9000}"), 414, "uri_too_long")
    is_problem(place.person.http.get(tasks(place), headers={"X-Much": "x" * 17_000}), 431, "headers_too_large")


def test_a_text_that_fits_in_characters_but_not_in_bytes_is_too_large(place: World) -> None:
    for text in ("\U0001f600" * 40_000, "\x01" * 40_000):
        body = {"title": "x", "body": text}
        is_problem(place.person.http.post(tasks(place), json=body), 413, "too_large")


# -- texts --------------------------------------------------------------------------------

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("mark", [*"\x00\x01\x07\x08\x1b\x7f\x85\n\r\t", "\u2028", "\u2029", *BIDI], ids=ascii)
def test_a_title_that_lies_about_itself_is_refused(mark: str, place: World) -> None:
    title = f"invoice{mark}gpj.exe"
    is_problem(place.person.http.post(tasks(place), json={"title": title}), 422, "validation_failed")
    path = f"{tasks(place)}/{place.ids['task_id']}"
    is_problem(place.person.http.patch(path, json={"title": title}), 422, "validation_failed")
    workspace = {"name": title}
    is_problem(place.person.http.post("/api/workspaces", json=workspace), 422, "validation_failed")
    is_problem(
        place.person.http.post(f"/api/workspaces/{place.workspace_id}/tokens", json=workspace),
        422,
        "validation_failed",
    )
    refused = place.agent.result("createTask", title=title, body="x")
    assert refused["structuredContent"]["code"] == "validation_failed"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "مرحبا بالعالم",
        "👩‍👩‍👧‍👦 naïve — “quotes”",
        "'; DROP TABLE items; --",
        "{{7*7}} ${7*7} %s %n",
        "../../etc/passwd",
    ],
)
def test_texts_come_back_as_they_were_sent(text: str, place: World) -> None:
    ws = place.workspace_id
    task = place.person.create_task(ws, text, body=f"{text}\n\t{BIDI}\x07")
    place.person.reply(ws, task["id"], text)
    answer = place.person.http.get(f"{tasks(place)}/{task['id']}")
    assert answer.json()["title"] == text
    assert answer.json()["body"] == f"{text}\n\t{BIDI}\x07"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    messages = place.agent.call("getTaskMessages", task_id=task["id"])["messages"]
    assert [message["text"] for message in messages] == [text]


def test_a_frame_of_a_stream_cannot_be_forged_by_a_text(place: World) -> None:
    stream = place.person.events(place.workspace_id)
    forged = "x\n\nid: 999999\nevent: task.deleted\ndata: {}\n\n\r\r\x0b"
    task = place.person.create_task(place.workspace_id, "honest", body=forged)
    frame = stream.wait_for(lambda frame: task["id"] in frame.data)
    assert frame.event == "task.created"
    assert frame.json["task"]["body"] == forged
    place.person.create_task(place.workspace_id, "the last one")
    stream.wait_for(lambda frame: "the last one" in frame.data)
    assert "task.deleted" not in {frame.event for frame in stream.frames}
    stream.close()


# -- attachments --------------------------------------------------------------------------


def upload(person: Person, workspace_id: str, content: bytes, **more: str) -> httpx.Response:
    body = {"filename": "x.txt", "data": base64.b64encode(content).decode()} | more
    return person.http.post(f"/api/workspaces/{workspace_id}/attachments", json=body)


def test_a_file_may_have_ten_mebibytes_and_no_byte_more(person: Person, workspace_id: str) -> None:
    whole = upload(person, workspace_id, b"x" * 10 * MIB)
    assert whole.status_code == 201
    assert whole.json()["size"] == 10 * MIB
    answer = person.http.get(f"/api/workspaces/{workspace_id}/attachments/{whole.json()['id']}")
    assert answer.content == b"x" * 10 * MIB
    is_problem(upload(person, workspace_id, b"x" * (10 * MIB + 1)), 413, "too_large")


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a/b",
        "..\\x",
        "C:\\x",
        ".",
        "..",
        "a\x00b",
        "a\nb",
        "\u202egpj.exe",
        "",
        " ",
        "x" * 256,
    ],
)
def test_a_file_name_that_is_a_path_or_lies_is_refused(name: str, place: World) -> None:
    is_problem(upload(place.person, place.workspace_id, b"x", filename=name), 422, "validation_failed")
    given = {"filename": name, "data": "eA=="}
    answer = place.person.http.post(tasks(place), json={"title": "x", "attachments": [given]})
    is_problem(answer, 422, "validation_failed")
    result = place.agent.result("reply", chat_id=place.ids["task_id"], text="x", attachments=[given])
    assert result["structuredContent"]["code"] == "validation_failed"


@pytest.mark.parametrize("kind", ["image", "image/", "/png", "image/png\r\nX-Evil: 1", "image/png; charset=x", "é/x"])
def test_a_type_that_is_none_is_refused(kind: str, place: World) -> None:
    is_problem(upload(place.person, place.workspace_id, b"x", mime_type=kind), 422, "validation_failed")


@pytest.mark.parametrize("kind", ["image/png", "text/html", "image/svg+xml", "application/xhtml+xml"])
@pytest.mark.parametrize("name", ["page.html", 'a"; filename="evil.html', "naïve ✓.svg", "x;y=%0d%0a", "-rf ~"])
def test_a_file_is_a_download_whatever_it_claims_to_be(kind: str, name: str, place: World) -> None:
    page = b"<!doctype html><script>alert(document.cookie)</script>"
    made = upload(place.person, place.workspace_id, page, filename=name, mime_type=kind)
    assert made.status_code == 201
    assert made.json()["filename"] == name
    answer = place.person.http.get(f"/api/workspaces/{place.workspace_id}/attachments/{made.json()['id']}")
    assert answer.content == page
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert disposition.isascii()
    assert '"' not in disposition.replace('filename="download"', "")
    assert disposition.count(";") <= 2


def test_any_bytes_come_back_to_the_byte(place: World) -> None:
    content = bytes(range(256)) * 3
    made = upload(place.person, place.workspace_id, content).json()
    path = f"/api/workspaces/{place.workspace_id}/attachments/{made['id']}"
    assert place.person.http.get(path).content == content
    assert place.person.http.get(path, headers={"Accept": "text/html"}).content == content
    task = place.person.create_task(place.workspace_id, "x", attachments=[{"id": made["id"]}])["id"]
    given = place.agent.call("downloadAttachment", attachment_id=made["id"], task_id=task)
    assert base64.b64decode(given["data"]) == content
    empty = upload(place.person, place.workspace_id, b"").json()
    assert place.person.http.get(f"/api/workspaces/{place.workspace_id}/attachments/{empty['id']}").content == b""


# -- repeats, versions, transitions -------------------------------------------------------


def test_a_repeat_gets_the_first_answer_and_other_content_is_refused(person: Person, workspace_id: str) -> None:
    path, key = f"/api/workspaces/{workspace_id}/tasks", {"Idempotency-Key": "k1"}
    first = person.http.post(path, json={"title": "x"}, headers=key)
    again = person.http.post(path, json={"title": "x"}, headers=key)
    assert (again.status_code, again.json()) == (first.status_code, first.json()) == (201, first.json())
    is_problem(person.http.post(path, json={"title": "y"}, headers=key), 422, "idempotency_mismatch")
    other = f"{path}/{first.json()['id']}/messages"
    is_problem(person.http.post(other, json={"text": "x"}, headers=key), 422, "idempotency_mismatch")
    assert len(person.ask("GET", path)["items"]) == 1
    for bad in ("", "x" * 256):
        is_problem(person.http.post(path, json={"title": "x"}, headers={"Idempotency-Key": bad}), 400, "bad_request")


POSTS: dict[str, Json] = {
    "/tokens": {"name": "x"},
    "/tasks": {"title": "x"},
    "/tasks/{task_id}/messages": {"text": "x"},
    "/attachments": {"filename": "x", "data": "eA=="},
    "/permission_rules": {"tool_name": "Bash", "pattern": "ls"},
}


@pytest.mark.parametrize("path", POSTS)
def test_every_post_can_be_repeated(path: str, place: World) -> None:
    url = f"/api/workspaces/{place.workspace_id}{path}".replace("{task_id}", place.ids["task_id"])
    key = {"Idempotency-Key": f"repeat {path}"}
    first, again = (place.person.http.post(url, json=POSTS[path], headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 201
    known, repeated = first.json(), again.json()
    assert (known.get("id") or known["token"]["id"]) == (repeated.get("id") or repeated["token"]["id"])


def test_a_workspace_is_created_once_however_often_it_is_asked_for(person: Person) -> None:
    key = {"Idempotency-Key": "one workspace"}
    made = [person.ask("POST", "/api/workspaces", 201, json={"name": "x"}, headers=key)["id"] for _ in range(2)]
    assert made[0] == made[1]
    assert [one["id"] for one in person.ask("GET", "/api/workspaces")["items"]] == made[:1]


def test_two_requests_at_once_with_one_key_make_one_task(person: Person, workspace_id: str) -> None:
    path, key = f"/api/workspaces/{workspace_id}/tasks", {"Idempotency-Key": "race"}
    together = threading.Barrier(4)
    answers: list[httpx.Response] = []

    def ask() -> None:
        together.wait()
        answers.append(person.http.post(path, json={"title": "x"}, headers=key))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(person.ask("GET", path)["items"]) == 1


def test_an_agents_call_can_be_repeated(agent: Agent) -> None:
    def create(title: str, key: Any) -> Json:
        arguments = {"workspace_id": agent.workspace_id, "title": title, "body": "x"}
        meta = {"handrail/idempotency-key": key}
        params = {"name": "createTask", "arguments": arguments, "_meta": meta}
        result: Json = agent.post("tools/call", params).json()["result"]["structuredContent"]
        return result

    assert create("x", "k")["task_id"] == create("x", "k")["task_id"]
    assert create("y", "k")["code"] == "idempotency_mismatch"
    assert create("x", 7)["code"] == "validation_failed"
    assert create("x", "")["code"] == "bad_request"


def test_a_cursor_belongs_to_its_list(person: Person, workspace_id: str) -> None:
    ws = f"/api/workspaces/{workspace_id}"
    for number in range(3):
        person.create_task(workspace_id, f"task {number}")
        person.generate_token(workspace_id, f"token {number}")
    of_tasks = person.ask("GET", f"{ws}/tasks?limit=1")["next_cursor"]
    of_state = person.ask("GET", f"{ws}/tasks?limit=1&status=notstarted")["next_cursor"]
    of_tokens = person.ask("GET", f"{ws}/tokens?limit=1")["next_cursor"]
    second = person.ask("GET", f"{ws}/tasks", params={"limit": 1, "cursor": of_tasks})
    assert second["items"] == person.ask("GET", f"{ws}/tasks")["items"][1:2]
    for path, cursor in (
        ("tasks", of_tokens),
        ("tasks", of_state),
        ("tasks?status=notstarted", of_tasks),
        ("tasks?status=completed", of_state),
        ("tokens", of_tasks),
        ("tokens", "x"),
        ("permissions", of_tokens),
        ("permission_rules", of_tokens),
        ("tasks", "9.x"),
        ("tasks", "0."),
        ("tasks", "0.W10"),
        ("tasks", "0.bnVsbA"),
        ("tasks", "é"),
    ):
        answer = person.http.get(f"{ws}/{path}", params=dict(httpx.URL(f"{ws}/{path}").params) | {"cursor": cursor})
        assert answer.status_code in ({200} if cursor == "0." else {422}), (path, cursor)
    is_problem(person.http.get("/api/inbox", params={"cursor": of_tasks}), 422, "validation_failed")


def test_a_change_to_an_old_version_is_refused_with_the_current_one(person: Person, workspace_id: str) -> None:
    task = person.create_task(workspace_id)
    path = f"/api/workspaces/{workspace_id}/tasks/{task['id']}"
    current = person.ask("PATCH", path, json={"title": "first", "version": task["version"]})
    for body, headers in (
        ({"title": "late", "version": task["version"]}, {}),
        ({"title": "late"}, {"If-Match": f'"{task["version"]}"'}),
        ({"title": "late"}, {"If-Match": f'W/"{task["version"]}"'}),
        ({"title": "early", "version": 99}, {}),
    ):
        problem = is_problem(person.http.patch(path, json=body, headers=headers), 409, "version_conflict")
        assert problem["current"] == current
    for match in ("x", "", "*", "-1", '"1', "9" * 30):
        answer = person.http.patch(path, json={"title": "x"}, headers={"If-Match": match})
        assert answer.status_code in {400, 409}
    matched = person.http.patch(path, json={"title": "next"}, headers={"If-Match": f'"{current["version"]}"'})
    assert matched.json()["title"] == "next"
    workspace = person.ask("GET", f"/api/workspaces/{workspace_id}")
    stale = {"name": "other", "version": workspace["version"] + 1}
    problem = is_problem(person.http.patch(f"/api/workspaces/{workspace_id}", json=stale), 409, "version_conflict")
    assert problem["current"]["name"] == workspace["name"]


def test_an_illegal_move_says_which_are_legal(person: Person, workspace_id: str, agent: Agent) -> None:
    task = person.create_task(workspace_id, assignee="human")["id"]
    path = f"/api/workspaces/{workspace_id}/tasks/{task}"
    problem = is_problem(person.http.patch(path, json={"status": "blocked"}), 409, "illegal_transition")
    assert problem["legal"] == ["ongoing", "completed", "rejected"]
    refused = agent.result("updateTaskStatus", task_id=task, status="blocked")
    assert refused["structuredContent"]["legal"] == problem["legal"]
    assert "ongoing" in refused["content"][0]["text"]
    person.ask("PATCH", path, json={"status": "completed"})
    problem = is_problem(person.http.patch(path, json={"status": "rejected"}), 409, "illegal_transition")
    assert problem["legal"] == ["ongoing"]
    assert agent.result("updateTaskStatus", task_id=task, status="ongoing")["structuredContent"]["legal"] == []
    is_problem(person.http.patch(path, json={"status": "done"}), 422, "validation_failed")


def test_an_archived_workspace_is_read_only_for_people_and_agents(program: Program) -> None:
    world = full_world(program.url, "archived")
    ws = f"/api/workspaces/{world.workspace_id}"
    world.person.ask("PUT", f"{ws}/archive")
    for method, path, body in (
        ("PATCH", "", {"name": "x"}),
        ("POST", "/tasks", {"title": "x"}),
        ("PATCH", f"/tasks/{world.ids['task_id']}", {"title": "x"}),
        ("DELETE", f"/tasks/{world.ids['task_id']}", None),
        ("POST", f"/tasks/{world.ids['task_id']}/messages", {"text": "x"}),
        ("POST", "/attachments", {"filename": "x", "data": "eA=="}),
        ("PUT", f"/permissions/{world.ids['permission_id']}/decision", {"behavior": "allow"}),
        ("POST", "/permission_rules", {"tool_name": "Bash", "pattern": "ls"}),
        ("DELETE", f"/permission_rules/{world.ids['rule_id']}", None),
        ("POST", "/tokens", {"name": "x"}),
        ("POST", f"/tokens/{world.ids['token_id']}/rotation", None),
    ):
        is_problem(world.person.http.request(method, ws + path, json=body), 409, "archived")
    task = {"task_id": world.ids["task_id"]}
    for tool, arguments in (
        ("createTask", {"title": "x", "body": "x"}),
        ("updateTaskStatus", task | {"status": "completed"}),
        ("reply", {"chat_id": world.ids["task_id"], "text": "x"}),
        ("requestPermission", task | {"tool_name": "Bash", "description": "x"}),
    ):
        assert world.agent.result(tool, **arguments)["structuredContent"]["code"] == "archived"
    assert world.agent.call("getWorkspace")["archived"] is True
    assert world.agent.call("getTaskMessages", **task)["messages"]
    world.person.ask("GET", f"{ws}/tasks")
    world.person.ask("DELETE", f"{ws}/tokens/{world.ids['token_id']}", 204)
    world.person.ask("DELETE", f"{ws}/archive")
    world.person.create_task(world.workspace_id)


def test_a_workspace_is_deleted_only_by_its_name(person: Person, workspace_id: str) -> None:
    path = f"/api/workspaces/{workspace_id}"
    for body in ({}, {"confirm": ""}, {"confirm": "My-saas-backend"}, {"confirm": None}, {"confirm": True}, None):
        is_problem(person.http.request("DELETE", path, json=body), 422, "validation_failed")
    person.ask("DELETE", path, 204, json={"confirm": "my-saas-backend"})
    for gone in (path, f"{path}/tasks", f"{path}/tokens", f"{path}/events"):
        is_problem(person.http.get(gone), 404, "not_found")
    is_problem(person.http.request("DELETE", path, json={"confirm": "my-saas-backend"}), 404, "not_found")
    assert person.ask("GET", "/api/workspaces")["items"] == []
