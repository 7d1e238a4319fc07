"""A token: shown once, kept only as a hash, and dead from one moment to the next."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

import app
from chalicelib.kernel import bearer, clock, settings
from chalicelib.kernel.http import Route
from chalicelib.onebox.program import Program
from chalicelib.onebox.scheduler import schedule_event
from chalicelib.wiring import api
from tests.isolation.calls import ROUTES, name_of
from tests.support.clients import Agent, Json, Person
from tests.support.process import Process
from tests.support.round_trips import Recorder
from tests.support.waiting import eventually
from tests.support.worlds import World, stateless

SHORT = 60


@contextmanager
def configured(**values: Any) -> Iterator[None]:
    before = settings.settings()
    settings.configure(msgspec.structs.replace(before, **values))
    try:
        yield
    finally:
        settings.configure(before)


def tokens_path(agent: Agent) -> str:
    return f"/api/workspaces/{agent.workspace_id}/tokens"


def listed(person: Person, agent: Agent) -> Json:
    items = person.ask("GET", tokens_path(agent))["items"]
    found: Json = next(token for token in items if token["id"] == agent.token_id)
    return found


# -- shown once ---------------------------------------------------------------------------


def test_the_secret_is_in_the_one_answer_that_made_it(person: Person, workspace_id: str) -> None:
    stream = person.events(workspace_id)
    made = person.generate_token(workspace_id)
    secret = made["token"]["secret"]
    assert re.fullmatch(r"hr_[0-9A-Za-z]{36}", secret)
    assert made["mcp_json"]["mcpServers"]["handrail"]["headers"] == {"Authorization": f"Bearer {secret}"}
    path = f"/api/workspaces/{workspace_id}/tokens"
    rotated = person.ask("POST", f"{path}/{made['token']['id']}/rotation", 201)["token"]
    stream.wait_for_type("token.rotated")
    answers = [
        person.http.get(path),
        person.http.get(f"/api/workspaces/{workspace_id}"),
        person.http.get("/api/inbox"),
    ]
    seen = stream.raw.decode() + "".join(answer.text for answer in answers)
    stream.close()
    for shown in (secret, rotated["secret"]):
        assert shown not in seen
        assert bearer.digest(shown) not in seen


def test_a_list_shows_everything_but_the_secret(person: Person, workspace_id: str) -> None:
    agent = person.agent(workspace_id, "laptop")
    unused = listed(person, agent)
    assert unused["name"] == "laptop"
    assert unused["last_four"] == agent.secret[-4:]
    assert unused["created_by"]["id"] == person.id
    assert unused["last_used_at"] is None
    assert not unused["connected"]
    assert "secret" not in unused
    assert "route" not in unused
    agent.initialize()
    used = listed(person, agent)
    assert used["connected"]
    assert used["client"] == {"name": "test-client", "version": "1"}
    assert used["last_used_at"] >= used["created_at"]
    assert agent.http.delete(agent.path, headers=agent.headers()).status_code == 204
    assert not listed(person, agent)["connected"]


def test_a_repeated_request_is_told_no_secret(person: Person, workspace_id: str) -> None:
    path, key = f"/api/workspaces/{workspace_id}/tokens", {"Idempotency-Key": "once"}
    first = person.ask("POST", path, 201, json={"name": "laptop"}, headers=key)
    again = person.http.post(path, json={"name": "laptop"}, headers=key)
    assert again.status_code == 201
    assert again.json()["token"]["id"] == first["token"]["id"]
    assert again.json()["token"]["secret"] is None
    rotation, key = f"{path}/{first['token']['id']}/rotation", {"Idempotency-Key": "twice"}
    rotated = person.ask("POST", rotation, 201, headers=key)
    repeated = person.http.post(rotation, headers=key)
    assert repeated.status_code == 201
    assert repeated.json()["token"]["secret"] is None
    for secret in (first["token"]["secret"], rotated["token"]["secret"]):
        assert secret not in again.text + repeated.text
    assert len(person.ask("GET", path)["items"]) == 2


def test_no_secret_is_written_to_disk_nor_to_the_log(tmp_path: Path) -> None:
    process = Process(tmp_path, log_level="DEBUG")
    try:
        owner = process.owner()
        cookie = owner.http.cookies["handrail_session"]
        ws = owner.create_workspace()["id"]
        path, key = f"/api/workspaces/{ws}/tokens", {"Idempotency-Key": "once"}
        made = owner.ask("POST", path, 201, json={"name": "laptop"}, headers=key)["token"]
        agent = Agent(process.url, ws, made["secret"], made["id"]).initialize()
        agent.call("createTask", title="Which database?", body="?", assignee="human")
        assert httpx.get(f"{process.url}/api/workspaces?token={agent.secret}").status_code == 400
        assert agent.http.post(f"/mcp/{ws}", content=b"\xff" + agent.secret.encode()).status_code == 400
        assert agent.http.get(f"/nothing/{agent.secret}").status_code in {404, 503, 200}
        rotated = owner.ask("POST", f"{path}/{made['id']}/rotation", 201)["token"]["secret"]
        files = {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        code, out, err = process.stop(signal.SIGTERM)
        files |= {f"after {file.name}": file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    finally:
        process.end()
    assert code == 0
    assert any(bearer.digest(rotated).encode() in content for content in files.values()), "looked in the wrong place"
    assert {"handrail.db", "signing.key"} <= set(files)
    for secret in (agent.secret, rotated, cookie):
        assert not [name for name, content in files.items() if secret.encode() in content]
        assert secret not in out + err


# -- dead from one moment to the next -----------------------------------------------------


def revoke(person: Person, agent: Agent) -> None:
    person.ask("DELETE", f"{tokens_path(agent)}/{agent.token_id}", 204)


def rotate(person: Person, agent: Agent) -> None:
    person.ask("POST", f"{tokens_path(agent)}/{agent.token_id}/rotation", 201)


def expire(person: Person, agent: Agent) -> None:
    with clock.moved(SHORT + 1):
        app.maintenance(schedule_event(), None)
    assert listed(person, agent)["status"] == "expired"


def delete_workspace(person: Person, agent: Agent) -> None:
    person.ask("DELETE", f"/api/workspaces/{agent.workspace_id}", 204, json={"confirm": "my-saas-backend"})


@pytest.fixture
def short_lived(person: Person, workspace_id: str) -> Agent:
    with configured(token_lifetime=SHORT):
        return person.agent(workspace_id).initialize()


@pytest.mark.parametrize("end", [revoke, rotate, expire, delete_workspace])
def test_a_token_that_ends_takes_all_it_holds_with_it(
    program: Program, person: Person, short_lived: Agent, end: Callable[[Person, Agent], None]
) -> None:
    agent = short_lived
    task = agent.call("createTask", title="Which database?", body="?", assignee="human")["task_id"]
    stream = agent.stream()
    wait = {"name": "waitForReply", "arguments": {"workspace_id": agent.workspace_id, "task_id": task}}
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(agent.post("tools/call", wait)))
    waiting.start()
    eventually(lambda: program.relay.stats().responses == 1, "holding the call")
    end(person, agent)
    ended = time.monotonic()
    stream.wait_until_closed(1.0)
    waiting.join(1.0)
    assert time.monotonic() - ended < 1.0
    assert [answer.status_code for answer in answers] == [401]
    assert answers[0].headers["www-authenticate"].startswith("Bearer")
    assert answers[0].json()["code"] == "unauthorized"
    assert_dead(agent)


def assert_dead(agent: Agent) -> None:
    body, headers = stateless("tools/list", {})
    for answer in (
        agent.post("tools/list"),
        agent.post("initialize"),
        agent.http.get(agent.path, headers=agent.headers()),
        agent.http.delete(agent.path, headers=agent.headers()),
        agent.http.post(f"{agent.path}/stateless", json=body, headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "unauthorized"


def test_the_check_of_a_request_does_not_wait_for_the_scheduled_function(short_lived: Agent) -> None:
    assert short_lived.post("tools/list").status_code == 200
    with clock.moved(SHORT + 1):
        assert_dead(short_lived)


def test_a_dead_token_cannot_be_ended_again_and_its_replacement_lives(person: Person, workspace_id: str) -> None:
    agent = person.agent(workspace_id).initialize()
    path = f"{tokens_path(agent)}/{agent.token_id}"
    fresh = person.ask("POST", f"{path}/rotation", 201)["token"]
    assert person.http.post(f"{path}/rotation").status_code == 404
    assert person.http.delete(path).status_code == 404
    Agent(agent.url, workspace_id, fresh["secret"], fresh["id"]).initialize()
    assert_dead(agent)


def test_many_tokens_live_side_by_side(person: Person, workspace_id: str) -> None:
    first, second = (person.agent(workspace_id, name).initialize() for name in ("one", "two"))
    revoke(person, first)
    assert_dead(first)
    assert second.post("tools/list").status_code == 200


# -- what is no token ---------------------------------------------------------------------


def changed(secret: str, at: int) -> str:
    return secret[:at] + ("a" if secret[at] != "a" else "b") + secret[at + 1 :]


def test_a_malformed_token_is_refused_without_a_look_into_storage(bob: World, recorder: Recorder) -> None:
    agent, secret = bob.agent, bob.agent.secret
    assert recorder.made_by(agent.post("tools/list")), "a good token must be looked up, or this test counts nothing"
    malformed = [
        *(changed(secret, at) for at in (0, 3, 20, 33, len(secret) - 1)),
        secret[:-1],
        f"{secret}x",
        secret.upper(),
        secret.removeprefix("hr_"),
        "hr_" + "0" * 36,
        f"hr_{'é' * 36}",
        "x" * 8000,
    ]
    for token in malformed:
        answer = agent.http.post(agent.path, json={}, headers={b"Authorization": f"Bearer {token}".encode()})
        assert answer.status_code == 401, token
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert token not in answer.text
        assert recorder.made_by(answer) == []
    for header in (f"Basic {secret}", secret, "Bearer", "", f"Bearer {secret} {secret}"):
        answer = agent.http.post(agent.path, json={}, headers={"Authorization": header})
        assert (answer.status_code, recorder.made_by(answer)) == (401, [])


def test_a_well_formed_token_that_nobody_made_is_no_more(bob: World) -> None:
    headers = {"Authorization": f"Bearer {bearer.new_token()}"}
    unknown = bob.agent.http.post(bob.agent.path, json={}, headers=headers)
    assert unknown.status_code == 401
    absent = bob.agent.http.post("/mcp/00000000000", json={}, headers=headers)
    assert (absent.status_code, absent.content) == (unknown.status_code, unknown.content)


@pytest.mark.parametrize("route", api.routes, ids=name_of)
def test_a_token_in_a_url_is_refused_with_advice(
    route: Route, nobody: httpx.Client, alice: World, recorder: Recorder
) -> None:
    asked = ROUTES[name_of(route)](alice.ids)
    path = route.path.format_map({"ws": alice.workspace_id, "unique": "00000000000"} | alice.ids)
    query = dict(asked.params) | {"token": alice.agent.secret}
    answer = nobody.request(route.method, path, params=query, headers=asked.headers, json=asked.json)
    assert answer.status_code == 400
    assert answer.json()["code"] == "token_in_url"
    assert "Authorization: Bearer" in answer.json()["detail"]
    assert alice.agent.secret not in answer.text
    assert recorder.made_by(answer) == []


def test_a_token_may_be_named_in_any_case_of_bearer(bob: World) -> None:
    for kind in ("bearer", "BEARER"):
        headers = bob.agent.headers() | {"Authorization": f"{kind} {bob.agent.secret}"}
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert bob.agent.http.post(bob.agent.path, json=ping, headers=headers).status_code == 200
