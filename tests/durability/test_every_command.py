"""Snapshot + events = new snapshot, for every command there is: each route and tool that changes something, each
notification of an agent, and what the program does by itself. One that this module does not know fails it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from chalicelib.kernel import clock
from chalicelib.kernel.http import Route
from chalicelib.kernel.settings import DAY
from chalicelib.onebox.program import Program
from chalicelib.wiring import api, maintenance
from tests.support.clients import Agent, EventStream, Json, Person
from tests.support.files import send_file
from tests.support.reducer import Reducer, load
from tests.support.waiting import everything_published

BASE = "/api/workspaces/{ws}"
FILE = {"filename": "a.txt", "data": base64.b64encode(b"a").decode()}


@dataclass
class World:
    """A workspace with a bit of everything, and what a dashboard knows of it."""

    program: Program
    person: Person
    ws: str
    agent: Agent
    task: Json
    question: Json
    permission: Json
    rule: Json
    spare_token: Json
    guest: Person
    invitation: Json

    def path(self, rest: str = "") -> str:
        return f"/api/workspaces/{self.ws}{rest}"

    def ask(self, method: str, rest: str = "", status: int = 200, **options: object) -> None:
        self.person.ask(method, self.path(rest), status, **options)

    def one_task(self) -> str:
        return f"/tasks/{self.task['id']}"

    def call(self, tool: str, **arguments: object) -> None:
        self.agent.call(tool, **arguments)


@pytest.fixture
def world(program: Program, person: Person) -> World:
    ws = person.create_workspace()["id"]
    agent = person.agent(ws).initialize()
    task = person.create_task(ws, "with a thread", attachments=[FILE])
    agent.call("reply", chat_id=task["id"], text="begun")
    person.reply(ws, task["id"], "go on")
    question = person.create_task(ws, "?", assignee="human")
    person.create_task(ws, "free")
    request(agent, "r1", task["id"])
    permission = person.ask("GET", f"/api/workspaces/{ws}/permissions?status=pending")["items"][0]
    new_rule = {"tool_name": "Bash", "pattern": "git status"}
    rule = person.ask("POST", f"/api/workspaces/{ws}/permission_rules", 201, json=new_rule)
    spare = person.generate_token(ws, "spare")["token"]
    guest = Person(program.url, f"guest-of-{person.id}")
    person.let_in(guest, ws)
    guest.generate_token(ws, "the guest's")
    invited = person.invite(ws, f"late.{guest.email}")
    return World(program, person, ws, agent, task, question, permission, rule, spare, guest, invited)


def request(agent: Agent, id: str, task_id: str | None = None, command: str = "npm test") -> None:
    params = {"request_id": id, "tool_name": "Bash", "input_preview": json.dumps({"command": command})}
    answer = agent.notify(
        "notifications/claude/channel/permission_request", params | ({"task_id": task_id} if task_id else {})
    )
    assert answer.status_code == 202, answer.text


def read_inbox(world: World) -> None:
    entries = world.agent.call("getInbox")["entries"]
    assert entries
    world.agent.call("getInbox", ack=[entry["id"] for entry in entries])


def due(seconds: float) -> Callable[[World], None]:
    def work(world: World) -> None:
        with clock.moved(seconds):
            maintenance.run_due_work()

    return work


def expired_claim(world: World) -> None:
    world.call("getNextTask")
    other = world.person.agent(world.ws, "other").initialize()
    with clock.moved(700):
        other.call("getNextTask")


def decide(behavior: str) -> Callable[[World], None]:
    return lambda world: world.ask(
        "PUT", f"/permissions/{world.permission['id']}/decision", json={"behavior": behavior}
    )


def patch(**changes: object) -> Callable[[World], None]:
    return lambda world: world.ask("PATCH", world.one_task(), json=changes)


def restore(world: World) -> None:
    world.ask("PUT", "/archive")
    world.ask("DELETE", "/archive")


COMMANDS: dict[str, list[Callable[[World], None]]] = {
    f"PATCH {BASE}": [lambda w: w.ask("PATCH", json={"name": "other", "mission": "more"})],
    f"PUT {BASE}/archive": [lambda w: w.ask("PUT", "/archive")],
    f"DELETE {BASE}/archive": [restore],
    f"POST {BASE}/tokens": [lambda w: w.ask("POST", "/tokens", 201, json={"name": "new"})],
    f"POST {BASE}/tokens/{{token_id}}/rotation": [
        lambda w: w.ask("POST", f"/tokens/{w.spare_token['id']}/rotation", 201),
        lambda w: w.ask("POST", f"/tokens/{w.agent.token_id}/rotation", 201),
    ],
    f"DELETE {BASE}/tokens/{{token_id}}": [lambda w: w.ask("DELETE", f"/tokens/{w.agent.token_id}", 204)],
    f"PATCH {BASE}/members/{{person_id}}": [
        lambda w: w.ask("PATCH", f"/members/{w.guest.id}", json={"role": "owner"}),
        lambda w: w.ask("PATCH", f"/members/{w.guest.id}", json={"role": "member"}),
    ],
    f"DELETE {BASE}/members/{{person_id}}": [
        lambda w: w.ask("DELETE", f"/members/{w.guest.id}", 204),
        lambda w: w.guest.ask("DELETE", w.path(f"/members/{w.guest.id}"), 204),
        lambda w: _leave_and_return(w),
    ],
    f"POST {BASE}/invitations": [lambda w: w.ask("POST", "/invitations", 201, json={"email": "new@example.com"})],
    f"DELETE {BASE}/invitations/{{invitation_id}}": [
        lambda w: w.ask("DELETE", f"/invitations/{w.invitation['invitation']['id']}", 204)
    ],
    "POST /api/invitations/acceptance": [lambda w: _join(w)],
    f"POST {BASE}/tasks": [
        lambda w: w.ask("POST", "/tasks", 201, json={"title": "t", "parent_id": w.task["id"], "attachments": [FILE]}),
        lambda w: w.ask("POST", "/tasks", 201, json={"title": "t", "assignee": "human"}),
    ],
    f"PATCH {BASE}/tasks/{{task_id}}": [
        patch(title="t", body="b", position=0.5),
        patch(status="completed"),
        patch(status="rejected"),
        patch(status="blocked"),
        patch(assignee="human"),
        patch(assignee="human", status="completed"),
        patch(title="t", position=7, status="blocked"),
    ],
    f"DELETE {BASE}/tasks/{{task_id}}": [
        lambda w: w.ask("DELETE", w.one_task(), 204),
        lambda w: w.ask("DELETE", f"/tasks/{_subtask(w)}", 204),
        lambda w: _lose_the_parent(w),
    ],
    f"PUT {BASE}/tasks/{{task_id}}/read": [lambda w: _read_reply(w)],
    f"POST {BASE}/tasks/{{task_id}}/messages": [
        lambda w: w.ask("POST", w.one_task() + "/messages", 201, json={"text": "x", "attachments": [FILE]})
    ],
    f"POST {BASE}/attachments": [lambda w: w.ask("POST", "/attachments", 201, json=FILE)],
    f"PUT {BASE}/attachments/{{attachment_id}}/content": [lambda w: _send_a_file(w)],
    f"PUT {BASE}/permissions/{{permission_id}}/decision": [
        decide("allow"),
        decide("deny"),
        decide("allow_always"),
    ],
    f"POST {BASE}/permission_rules": [
        lambda w: w.ask("POST", "/permission_rules", 201, json={"tool_name": "Bash", "pattern": "ls"})
    ],
    f"POST {BASE}/permission_rules/preview": [
        lambda w: w.ask("POST", "/permission_rules/preview", json={"tool_name": "Bash", "pattern": "npm test *"})
    ],
    f"DELETE {BASE}/permission_rules/{{rule_id}}": [
        lambda w: w.ask("DELETE", f"/permission_rules/{w.rule['id']}", 204)
    ],
    "DELETE /mcp/{ws}": [lambda w: _end_session(w)],
    "POST /mcp/{ws}": [lambda w: _begin_session(w)],
    "tool getWorkspace": [lambda w: w.call("getWorkspace")],
    "tool createTask": [
        lambda w: w.call("createTask", title="t", body="b", attachments=[FILE]),
        lambda w: w.call("createTask", title="t", body="b", assignee="human", parent_id=w.task["id"]),
    ],
    "tool updateTaskStatus": [
        lambda w: w.call("updateTaskStatus", task_id=w.task["id"], status="completed"),
        lambda w: w.call("updateTaskStatus", task_id=w.task["id"], status="blocked"),
    ],
    "tool reply": [
        lambda w: w.call("reply", chat_id=w.task["id"], text="x", attachments=[FILE]),
        lambda w: w.call("reply", chat_id=w.question["id"], text="x"),
    ],
    "tool getTaskMessages": [lambda w: w.call("getTaskMessages", task_id=w.task["id"])],
    "tool getNextTask": [
        lambda w: w.call("getNextTask"),
        lambda w: w.call("getNextTask", claim=False),
        expired_claim,
    ],
    "tool waitForReply": [
        lambda w: w.call("waitForReply", task_id=w.task["id"]),
        lambda w: _ask_and_leave(w),
    ],
    "tool getInbox": [read_inbox],
    "tool requestPermission": [
        lambda w: w.call("requestPermission", tool_name="Bash", description="", input='{"command": "git status"}'),
        lambda w: _request_and_decide(w),
    ],
    "tool downloadAttachment": [
        lambda w: w.call("downloadAttachment", task_id=w.task["id"], attachment_id=w.task["attachments"][0]["id"])
    ],
    "notification notifications/claude/channel/permission_request": [
        lambda w: request(w.agent, "r2"),
        lambda w: request(w.agent, "r1", w.task["id"]),
        lambda w: request(w.agent, "r3", w.task["id"], "git status"),
    ],
    "time passes": [due(200), due(31 * DAY), lambda w: _lose_the_lease(w)],
}
# No dashboard of the workspace sees these: they come before it, after it, or happen beside it.
OUTSIDE = {
    "POST /auth/local/session",
    "DELETE /auth/session",
    "POST /api/workspaces",
    f"DELETE {BASE}",
    "POST /mcp/{ws}/stateless",
    "POST /api/push/devices",
    "DELETE /api/push/devices/{device_id}",
    "POST /api/invitations/preview",
}


def _lose_the_lease(world: World) -> None:
    world.call("getNextTask")
    due(700)(world)


def _join(world: World) -> None:
    late = Person(world.program.url, f"late.{world.guest.email.partition('@')[0]}")
    late.accept(world.invitation["link"])
    late.accept(world.invitation["link"])


def _leave_and_return(world: World) -> None:
    world.guest.ask("DELETE", world.path(f"/members/{world.guest.id}"), 204)
    world.person.let_in(world.guest, world.ws)


def _send_a_file(world: World) -> None:
    announced = {"filename": "a.txt", "size": 1}
    made = world.person.ask("POST", world.path("/attachments"), 201, json=announced)
    send_file(world.person, made, b"a")
    world.ask("POST", "/tasks", 201, json={"title": "t", "attachments": [{"id": made["id"]}]})


def _subtask(world: World) -> str:
    id: str = world.person.create_task(world.ws, "a part", parent_id=world.task["id"])["id"]
    return id


def _lose_the_parent(world: World) -> None:
    _subtask(world)
    world.ask("DELETE", world.one_task(), 204)


def _begin_session(world: World) -> None:
    world.person.agent(world.ws, "third").initialize()


def _read_reply(world: World) -> None:
    world.call("reply", chat_id=world.task["id"], text="?")
    world.ask("PUT", world.one_task() + "/read")


def _end_session(world: World) -> None:
    assert world.agent.http.delete(world.agent.path, headers=world.agent.headers()).status_code == 204


def _ask_and_leave(world: World) -> None:
    world.call("reply", chat_id=world.task["id"], text="which?")
    world.call("waitForReply", task_id=world.task["id"], timeout_s=1)


def _request_and_decide(world: World) -> None:
    """The verdict is there before the agent asks a second time."""
    request(world.agent, "r9", world.task["id"], "make")
    listed = world.person.ask("GET", world.path("/permissions?status=pending"))["items"]
    for one in listed:
        world.ask("PUT", f"/permissions/{one['id']}/decision", json={"behavior": "deny", "reason": "no"})


def mutations(routes: list[Route]) -> set[str]:
    """What can change something: every route but GET, every tool, every notification."""
    registry = api.server.registry
    return (
        {f"{route.method} {route.path}" for route in routes if route.method != "GET"}
        | {f"tool {name}" for name in registry.tools}
        | {f"notification {name}" for name in registry.notifications}
    )


def unknown(routes: list[Route]) -> set[str]:
    return mutations(routes) - COMMANDS.keys() - OUTSIDE


def test_every_command_is_known_here() -> None:
    assert unknown(api.routes) == set()
    assert mutations(api.routes) >= (COMMANDS.keys() | OUTSIDE) - {"time passes"}


def test_a_command_that_is_not_known_here_is_noticed() -> None:
    first = next(route for route in api.routes if route.method == "POST")
    another = type(first)(**{**first.__dict__, "path": "/api/workspaces/{ws}/pipelines"})
    assert unknown([*api.routes, another]) == {"POST /api/workspaces/{ws}/pipelines"}


def follow(world: World, known: Reducer, stream: EventStream) -> None:
    """Apply every event up to where the workspace stands, once nothing moves any more."""
    everything_published(world.program)
    head = world.person.ask("GET", world.path())["seq"]
    if head > known.seq:
        stream.wait_for(lambda frame: frame.id == str(head))
    known.apply_all(frame.json for frame in stream.frames)


CASES = [
    pytest.param(command, id=f"{name} {number}" if number else name)
    for name, commands in COMMANDS.items()
    for number, command in enumerate(commands)
]


@pytest.mark.parametrize("command", CASES)
def test_snapshot_and_events_make_the_new_snapshot(world: World, command: Callable[[World], None]) -> None:
    everything_published(world.program)
    known = load(world.person, world.ws)
    stream = world.person.events(world.ws, after=known.seq)
    command(world)
    follow(world, known, stream)
    assert known.state() == load(world.person, world.ws).state()
    assert known.workspace["counts"]["agents"] == known.connected()
