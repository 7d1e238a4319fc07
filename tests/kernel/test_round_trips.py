"""What a request costs in storage: exact counts, for every route and every tool.

The rule: one round trip for authentication; a read takes one more; a write takes one BatchGet of the head and its
entities, then one transaction. What needs more stands in `MORE`, with its reason.
"""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.onebox.program import Program
from chalicelib.wiring import api
from tests.support.clients import Person
from tests.support.every_request import OTHERS, ROUTES, TOOLS, furnish
from tests.support.round_trips import Recorder, recorded

AUTHENTICATED = {"public": [], "session": ["get"], "workspace": ["batch get"], "agent": ["batch get"]}
NOTHING: list[str] = []
GET, QUERY, WRITE = ["batch get"], ["query"], ["batch get", "transact"]

BEYOND_AUTHENTICATION: dict[str, list[str]] = {
    "GET /auth/config": NOTHING,
    "GET /auth/google/login": NOTHING,
    "GET /auth/google/callback": NOTHING,
    "GET /auth/session": ["get"],
    "POST /api/workspaces": WRITE,
    "GET /api/workspaces/{ws}": NOTHING,
    "PATCH /api/workspaces/{ws}": WRITE,
    "DELETE /api/workspaces/{ws}": WRITE,
    "PUT /api/workspaces/{ws}/archive": WRITE,
    "GET /api/workspaces/{ws}/events": QUERY,
    "POST /api/workspaces/{ws}/tokens": WRITE,
    "POST /api/workspaces/{ws}/tokens/{token_id}/rotation": WRITE,
    "DELETE /api/workspaces/{ws}/tokens/{token_id}": WRITE,
    "GET /api/workspaces/{ws}/members": QUERY,
    "GET /api/workspaces/{ws}/invitations": QUERY,
    "DELETE /api/workspaces/{ws}/invitations/{invitation_id}": WRITE,
    "GET /api/workspaces/{ws}/tasks": QUERY,
    "GET /api/workspaces/{ws}/tasks/{task_id}": GET,
    "PATCH /api/workspaces/{ws}/tasks/{task_id}": WRITE,
    "DELETE /api/workspaces/{ws}/tasks/{task_id}": WRITE,
    "PUT /api/workspaces/{ws}/tasks/{task_id}/read": WRITE,
    "POST /api/workspaces/{ws}/tasks/{task_id}/messages": WRITE,
    "PUT /api/workspaces/{ws}/attachments/{attachment_id}/content": GET,
    "GET /api/workspaces/{ws}/permissions": QUERY,
    "GET /api/workspaces/{ws}/permission_rules": QUERY,
    "POST /api/workspaces/{ws}/permission_rules": WRITE,
    "POST /api/workspaces/{ws}/permission_rules/preview": QUERY,
    "DELETE /api/workspaces/{ws}/permission_rules/{rule_id}": WRITE,
    "POST /mcp/{ws}": NOTHING,
    "DELETE /mcp/{ws}": WRITE,
    "POST /mcp/{ws}/stateless": NOTHING,
    "GET /mcp/{ws}/stateless": NOTHING,
    "DELETE /api/push/devices/{device_id}": ["delete"],
    "GET /api/openapi.json": NOTHING,
    "getWorkspace": NOTHING,
    "initialize": NOTHING,
    "tools/list": NOTHING,
    "resources/list": NOTHING,
    "resources/read a task": GET,
    "POST a sub-task": WRITE,
}

MORE: dict[str, tuple[list[str], str]] = {
    "POST /auth/local/session": (["get", "get", "put"], "who the owner is, the owner, then the session"),
    "DELETE /auth/session": (["delete", "query", "batch write"], "the session, then its devices"),
    "POST /api/workspaces/{ws}/invitations": (
        ["batch get", "query", "query", "transact"],
        "who is a member, and who is invited already",
    ),
    "PATCH /api/workspaces/{ws}/members/{person_id}": (
        ["batch get", "query", "transact"],
        "somebody has to stay an owner",
    ),
    "DELETE /api/workspaces/{ws}/members/{person_id}": (
        ["batch get", "query", "transact"],
        "somebody has to stay an owner",
    ),
    "POST /api/invitations/preview": (["get", "batch get", "batch get"], "the secret, the workspace, the invitation"),
    "POST /api/invitations/acceptance": (["get", "batch get", *WRITE], "the secret, then the workspace"),
    "GET /api/push": (["query", "batch get"], "the devices, then their sessions and whose their endpoints are"),
    "POST /api/push/devices": (["query", "batch write"], "the devices there are, then the new one and its route"),
    "GET /api/workspaces": (["query", "batch get"], "memberships, then their workspaces"),
    "GET /api/overview": (["query", "batch get"], "memberships, then their workspaces"),
    "GET /api/events": (
        ["query", "batch get", "query"],
        "memberships, a hundred workspaces at a time, then the events of each that is behind",
    ),
    "GET /api/inbox": (
        ["query", "batch get", "query", "query", "batch get"],
        "memberships, workspaces; in each where something waits: tasks, permissions and their tasks",
    ),
    "GET /api/workspaces/{ws}/tokens": (["query", "batch get"], "when each was last used stands in its route"),
    "GET /api/workspaces/{ws}/tasks/{task_id}/messages": (["batch get", "query"], "the task must exist"),
    "GET sub-tasks": (["query", "batch get"], "which they are, then the tasks and their parent"),
    "GET /api/workspaces/{ws}/tasks/{task_id}/activities": (["batch get", "query"], "the task must exist"),
    "GET /api/workspaces/{ws}/attachments/{attachment_id}": ([*GET, *GET], "its task must still be there"),
    "POST /api/workspaces/{ws}/attachments": (["put", *WRITE], "bytes are noted before they are there"),
    "POST /api/workspaces/{ws}/tasks": (["put", *WRITE], "a file comes with it: its bytes are noted before"),
    "createTask": (["put", *WRITE], "a file comes with it: its bytes are noted before"),
    "downloadAttachment": ([*GET, *GET], "its task must still be there"),
    "DELETE /api/workspaces/{ws}/archive": (GET, "it was not archived, so nothing is written"),
    "PUT /api/workspaces/{ws}/permissions/{permission_id}/decision": (
        ["batch get", "batch get", "transact"],
        "the permission says which task it is for",
    ),
    "GET /mcp/{ws}": (["query", "query"], "the agent's own entries, and the offers to all"),
    "GET /grip/next/{unique}": (["batch get", "query"], "authentication is in the link"),
    "getInbox": (["query", "query"], "the agent's own entries, and the offers to all"),
    "getNextTask": (["query", *WRITE], "the queue, then the claim"),
    "updateTaskStatus": (["query", *WRITE], "something waits for the agent: is it about this task?"),
    "reply": (["query", *WRITE], "something waits for the agent: is it about this task?"),
    "getTaskMessages": (["batch get", "query", "query"], "the task must exist; something waits for the agent"),
    "waitForReply": (
        ["batch get", "batch get", "query", *WRITE],
        "the task, the reply; the reply in the inbox is acknowledged",
    ),
    "requestPermission": (["query", "query", "query", *WRITE], "the rules, the agent's task, and its inbox"),
    "notifications/claude/channel/permission_request": (
        ["query", "query", *WRITE],
        "the rules, and the agent's task",
    ),
}

REQUESTS = ROUTES | TOOLS | OTHERS


@pytest.fixture
def recorder(program: Program) -> Iterator[Recorder]:
    assert program.engine is not None
    Person.owner(program.url)
    with recorded(program.engine) as recorder:
        yield recorder


def authentication(name: str) -> list[str]:
    access = {f"{route.method} {route.path}": route.access for route in api.routes}
    return AUTHENTICATED[access.get(name, "agent")]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_makes_the_round_trips_it_is_allowed(
    name: str, new_person: Callable[[], Person], recorder: Recorder
) -> None:
    answer = REQUESTS[name](furnish(new_person()))
    assert answer.status_code < 400 or name == "GET /mcp/{ws}/stateless", answer.text
    allowed = BEYOND_AUTHENTICATION[name] if name in BEYOND_AUTHENTICATION else MORE[name][0]
    assert recorder.made_by(answer) == authentication(name) + allowed


def test_a_repeat_of_a_write_makes_one_read_and_no_transaction(
    new_person: Callable[[], Person], recorder: Recorder
) -> None:
    place = furnish(new_person())
    path, headers = f"/api/workspaces/{place.ws}/tasks", {"Idempotency-Key": "once"}
    first = place.person.http.post(path, json={"title": "Once"}, headers=headers)
    again = place.person.http.post(path, json={"title": "Once"}, headers=headers)
    assert again.json() == first.json()
    assert recorder.made_by(first) == ["batch get", "batch get", "transact"]
    assert recorder.made_by(again) == ["batch get", "batch get"]


def test_a_stream_over_all_workspaces_costs_a_query_for_each_that_is_behind_and_nothing_for_others(
    new_person: Callable[[], Person], recorder: Recorder
) -> None:
    person, other = new_person(), new_person()
    ids = [person.create_workspace()["id"] for _ in range(4)]
    seen = ["get", "query", "batch get"]

    def made_by(after: str) -> list[str]:
        with person.http.stream("GET", f"/api/events?after={after}") as answer:
            return recorder.made_by(answer)

    assert made_by("") == seen
    assert made_by(",".join(f"{id}:1" for id in ids)) == seen
    assert made_by(f"{ids[0]}:0,{ids[1]}:1,{ids[2]}:0,{ids[3]}:9") == [*seen, "query", "query", "query"]
    foreign = other.create_workspace()["id"]
    assert made_by(f"{foreign}:1") == made_by(f"{'0' * 11}:1") == seen


def test_a_call_with_a_malformed_token_makes_no_round_trip(
    new_person: Callable[[], Person], recorder: Recorder
) -> None:
    place = furnish(new_person())
    place.agent.http.headers["Authorization"] = f"Bearer {place.agent.secret[:-1]}!"
    answer = place.agent.post("tools/list")
    assert answer.status_code == 401
    assert recorder.made_by(answer) == []


def unknown(routes: list[str], tools: list[str]) -> set[str]:
    """Of these routes and tools, those whose cost nobody has said."""
    counted = (BEYOND_AUTHENTICATION.keys() | MORE.keys()) & REQUESTS.keys()
    return {*routes, *tools} - counted


def test_every_route_and_every_tool_is_counted() -> None:
    routes = [f"{route.method} {route.path}" for route in api.routes]
    assert unknown(routes, list(api.server.registry.tools)) == set()
    assert unknown([*routes, "GET /api/new"], ["newTool"]) == {"GET /api/new", "newTool"}
