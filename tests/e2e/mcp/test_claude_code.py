"""The real Claude Code, offline, with a scripted model: it asks, a person answers in the browser, it has the answer.

2.1.197 speaks the session era. The newest probes with `server/discover`, and stays stateless where that is answered.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import anyio
import pytest

from chalicelib.kernel.scope import NEW_TOKEN
from chalicelib.kernel.settings import settings
from chalicelib.onebox.program import Program
from chalicelib.onebox.static import NO_OAUTH
from tests.e2e.conftest import NodeClients
from tests.e2e.mcp.claude import DEADLINE, Claude
from tests.e2e.mcp.messages_api import Json, MessagesApi, Say, Use
from tests.support.clients import Person
from tests.support.front import front
from tests.support.sdk import Holds, until

pytestmark = [pytest.mark.timeout(600)]


def only(lines: list[Json], type: str) -> Json:
    (line,) = [one for one in lines if one["type"] == type and one.get("subtype") in ("init", "success")]
    return line


def status_of_server(lines: list[Json]) -> str:
    (server,) = only(lines, "system")["mcp_servers"]
    assert server["name"] == "handrail"
    status: str = server["status"]
    return status


def generated(person: Person, workspace_id: str) -> Json:
    """A new token, shown with the address of the relay that the person is behind."""
    made, relay = person.generate_token(workspace_id), str(person.http.base_url).rstrip("/")
    there: Json = json.loads(json.dumps(made).replace(settings().address, relay))
    return there


SESSION = ["initialize", "notifications/initialized"]


@pytest.mark.parametrize(
    ("release", "suffix", "opens_with", "never_says"),
    [
        pytest.param("2.1.197", "", SESSION, {"server/discover"}, id="2.1.197"),
        pytest.param("newest", "", ["server/discover", *SESSION], set(), id="newest falls back to a session"),
        pytest.param("newest", "/stateless", ["server/discover"], {"initialize", "GET"}, id="newest stateless"),
    ],
)
def test_asks_a_person_and_gets_the_answer(
    program: Program,
    person: Person,
    workspace_id: str,
    node_clients: NodeClients,
    messages_api: MessagesApi,
    tmp_path: Path,
    release: str,
    suffix: str,
    opens_with: list[str],
    never_says: set[str],
) -> None:
    mcp_json = generated(person, workspace_id)["mcp_json"]
    mcp_json["mcpServers"]["handrail"]["url"] += suffix
    here = {"workspace_id": workspace_id}
    messages_api.steps = [
        lambda _: Use("createTask", {**here, "title": "Which database?", "body": "", "assignee": "human"}),
        lambda created: Use("waitForReply", {**here, "task_id": created["task_id"]}),
        lambda answer: Say(f"{answer['user']} says: {answer['text']}"),
    ]
    claude = Claude(node_clients.claude(release), tmp_path, messages_api, mcp_json)
    with front(program) as spoken:
        holds = Holds(program)
        with claude.start("Ask which database to use.", "createTask", "waitForReply") as process:
            try:
                anyio.run(until, lambda: holds.one_more() or process.poll() is not None, DEADLINE)
                assert process.poll() is None, claude.finish(process)
                (task,) = person.ask("GET", f"/api/workspaces/{workspace_id}/tasks")["items"]
                person.reply(workspace_id, task["id"], "Postgres")
                lines = claude.finish(process)
            finally:
                process.kill()
    assert messages_api.problems == []
    assert status_of_server(lines) == "connected"
    assert only(lines, "result")["result"] == f"{person.session.name} says: Postgres"
    assert (task["title"], task["assignee"]) == ("Which database?", "human")
    assert messages_api.offered_tools() >= {"createTask", "waitForReply", "getInbox", "requestPermission"}
    assert spoken.heard[: len(opens_with)] == opens_with
    assert ("GET" in spoken.heard) == (suffix == "")
    assert not never_says & set(spoken.heard)
    (token,) = person.ask("GET", f"/api/workspaces/{workspace_id}/tokens")["items"]
    assert token["client"]["name"] == "claude-code"


@pytest.mark.parametrize("release", ["2.1.197", "newest"])
def test_a_revoked_token_fails_the_server_and_says_what_to_do(
    person: Person,
    workspace_id: str,
    node_clients: NodeClients,
    messages_api: MessagesApi,
    tmp_path: Path,
    release: str,
) -> None:
    made = generated(person, workspace_id)
    person.ask("DELETE", f"/api/workspaces/{workspace_id}/tokens/{made['token']['id']}", 204)
    claude = Claude(node_clients.claude(release), tmp_path, messages_api, made["mcp_json"])
    with claude.start("Ask which database to use.") as process:
        try:
            lines = claude.finish(process)
        finally:
            process.kill()
    assert status_of_server(lines) == "failed"
    assert messages_api.offered_tools() == set()
    assert NEW_TOKEN in claude.debug_log


@pytest.mark.parametrize("release", ["2.1.197", "newest"])
def test_without_a_token_it_is_told_to_send_one(
    person: Person,
    workspace_id: str,
    node_clients: NodeClients,
    messages_api: MessagesApi,
    tmp_path: Path,
    release: str,
) -> None:
    mcp_json = generated(person, workspace_id)["mcp_json"]
    del mcp_json["mcpServers"]["handrail"]["headers"]
    claude = Claude(node_clients.claude(release), tmp_path, messages_api, mcp_json)
    with claude.start("Ask which database to use.") as process:
        try:
            lines = claude.finish(process)
        finally:
            process.kill()
    assert status_of_server(lines) == "failed"
    assert NO_OAUTH in claude.debug_log


@pytest.mark.parametrize("release", ["2.1.197", "newest"])
def test_the_command_shown_with_a_token_connects_it(
    person: Person,
    workspace_id: str,
    node_clients: NodeClients,
    messages_api: MessagesApi,
    tmp_path: Path,
    release: str,
) -> None:
    made = generated(person, workspace_id)
    claude = Claude(node_clients.claude(release), tmp_path, messages_api, made["mcp_json"])
    (tmp_path / "claude").symlink_to(claude.executable)
    environment = claude.environment | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for command in (made["command"], "claude mcp list"):
        shell = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=DEADLINE
        )
        assert shell.returncode == 0, f"{command}: {shell.stdout}\n{shell.stderr}"
    assert "Connected" in shell.stdout
    (token,) = person.ask("GET", f"/api/workspaces/{workspace_id}/tokens")["items"]
    assert token["client"]["name"] == "claude-code"
