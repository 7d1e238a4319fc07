"""One successful request for every route and every tool, in a workspace that has something of everything.

Used where a property must hold for all of them. A route or tool that is missing here fails the tests that use it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from chalicelib.kernel import links, scope
from chalicelib.workspaces import stream
from tests.support.clients import Agent, Json, Person
from tests.support.push import Browser

STATELESS = "2026-07-28"
META = "io.modelcontextprotocol/"
FILE = {"filename": "plan.txt", "mime_type": "text/plain", "data": base64.b64encode(b"the plan").decode()}


@dataclass(frozen=True)
class Place:
    person: Person
    agent: Agent
    ws: str
    task: str
    question: str
    attachment: str
    upload: str
    permission: str
    rule: str
    other_token: str
    link: str
    device: str
    guest: str
    invitation: str
    secret: str


def furnish(person: Person) -> Place:
    ws = person.create_workspace()["id"]
    guest = Person(str(person.http.base_url), f"guest-of-{person.id}")
    person.let_in(guest, ws)
    elsewhere = guest.create_workspace("elsewhere")["id"]
    invited = person.invite(ws, "somebody@example.com")["invitation"]
    base = f"/api/workspaces/{ws}"
    agent = person.agent(ws).initialize()
    task = person.create_task(ws, attachments=[FILE])
    question = agent.call("createTask", title="Which?", body="", assignee="human")["task_id"]
    agent.call("reply", chat_id=task["id"], text="On it")
    person.create_task(ws, "Free to claim")
    person.reply(ws, question, "That one")
    asked = {"request_id": "r-1", "tool_name": "Bash", "description": "", "input_preview": '{"command":"ls"}'}
    agent.notify("notifications/claude/channel/permission_request", asked)
    rule = {"tool_name": "Bash", "pattern": "git status"}
    return Place(
        person=person,
        agent=agent,
        ws=ws,
        task=task["id"],
        question=question,
        attachment=task["attachments"][0]["id"],
        upload=person.ask("POST", f"{base}/attachments", 201, json={"filename": "a.txt", "size": 1})["id"],
        permission=person.ask("GET", f"{base}/permissions")["items"][0]["id"],
        rule=person.ask("POST", f"{base}/permission_rules", 201, json=rule)["id"],
        other_token=person.generate_token(ws, "other")["token"]["id"],
        link=_link(person, ws),
        device=Browser().registered(person)["id"],
        guest=guest.id,
        invitation=invited["id"],
        secret=guest.invite(elsewhere, person.email)["link"].partition("#")[2],
    )


def _link(person: Person, ws: str) -> str:
    who = scope.for_session(person.session.id, person.id, ws)
    return links.address(links.link_for(who, stream.KIND, who.head.seq)).partition("link=")[2]


Ask = Callable[[Place], httpx.Response]


def by_person(method: str, path: str, body: Json | None = None) -> Ask:
    def ask(place: Place) -> httpx.Response:
        filled = body and {name: place.secret if name == "secret" else value for name, value in body.items()}
        return place.person.http.request(method, path.format(**vars(place)), json=filled)

    return ask


def opening(path: str) -> Ask:
    def ask(place: Place) -> httpx.Response:
        with place.person.http.stream("GET", path.format(**vars(place))) as answer:
            return answer

    return ask


def by_tool(name: str, **arguments: object) -> Ask:
    def ask(place: Place) -> httpx.Response:
        ids = {f"{{{name}}}": id for name, id in vars(place).items()}
        given = {key: ids.get(value, value) if isinstance(value, str) else value for key, value in arguments.items()}
        params = {"name": name, "arguments": {"workspace_id": place.ws, **given}}
        answer = place.agent.post("tools/call", params)
        assert not answer.json()["result"]["isError"], answer.text
        return answer

    return ask


def by_agent(method: str, params: Json | None = None) -> Ask:
    return lambda place: place.agent.post(method, params)


def notified(method: str, params: Json) -> Ask:
    return lambda place: place.agent.notify(method, params)


def stream_of_agent(place: Place) -> httpx.Response:
    headers = place.agent.headers() | {"Accept": "text/event-stream"}
    with place.agent.http.stream("GET", place.agent.path, headers=headers) as answer:
        return answer


def end_of_session(place: Place) -> httpx.Response:
    return place.agent.http.delete(place.agent.path, headers=place.agent.headers())


def stateless(place: Place) -> httpx.Response:
    meta = {f"{META}protocolVersion": STATELESS, f"{META}clientCapabilities": {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
    headers = {"MCP-Protocol-Version": STATELESS, "Mcp-Method": "tools/list"}
    return place.agent.http.post(f"{place.agent.path}/stateless", json=body, headers=headers)


def sending_a_file(place: Place) -> httpx.Response:
    path = f"/api/workspaces/{place.ws}/attachments/{place.upload}/content"
    return place.person.http.put(path, content=b"a", headers={"Content-Type": "application/octet-stream"})


TASKS = "/api/workspaces/{ws}/tasks"
ONE = TASKS + "/{task}"
PERMISSIONS = "/api/workspaces/{ws}/permissions"
RULES = "/api/workspaces/{ws}/permission_rules"
TOKENS = "/api/workspaces/{ws}/tokens"
MEMBERS = "/api/workspaces/{ws}/members"
INVITATIONS = "/api/workspaces/{ws}/invitations"
REQUEST = {"request_id": "r-2", "tool_name": "Bash", "description": "", "input_preview": '{"command":"pwd"}'}

ROUTES: dict[str, Ask] = {
    "GET /auth/config": by_person("GET", "/auth/config"),
    "POST /auth/local/session": by_person("POST", "/auth/local/session"),
    "GET /auth/google/login": by_person("GET", "/auth/google/login"),
    "GET /auth/google/callback": by_person("GET", "/auth/google/callback"),
    "GET /auth/session": by_person("GET", "/auth/session"),
    "DELETE /auth/session": by_person("DELETE", "/auth/session"),
    "GET /api/workspaces": by_person("GET", "/api/workspaces"),
    "GET /api/overview": by_person("GET", "/api/overview"),
    "POST /api/workspaces": by_person("POST", "/api/workspaces", {"name": "another"}),
    "GET /api/workspaces/{ws}": by_person("GET", "/api/workspaces/{ws}"),
    "PATCH /api/workspaces/{ws}": by_person("PATCH", "/api/workspaces/{ws}", {"mission": "Ship it."}),
    "DELETE /api/workspaces/{ws}": by_person("DELETE", "/api/workspaces/{ws}", {"confirm": "my-saas-backend"}),
    "PUT /api/workspaces/{ws}/archive": by_person("PUT", "/api/workspaces/{ws}/archive"),
    "DELETE /api/workspaces/{ws}/archive": by_person("DELETE", "/api/workspaces/{ws}/archive"),
    "GET /api/workspaces/{ws}/events": opening("/api/workspaces/{ws}/events"),
    "GET /api/workspaces/{ws}/tokens": by_person("GET", TOKENS),
    "POST /api/workspaces/{ws}/tokens": by_person("POST", TOKENS, {"name": "third"}),
    "POST /api/workspaces/{ws}/tokens/{token_id}/rotation": by_person("POST", TOKENS + "/{other_token}/rotation"),
    "DELETE /api/workspaces/{ws}/tokens/{token_id}": by_person("DELETE", TOKENS + "/{other_token}"),
    "GET /api/workspaces/{ws}/members": by_person("GET", MEMBERS),
    "PATCH /api/workspaces/{ws}/members/{person_id}": by_person("PATCH", MEMBERS + "/{guest}", {"role": "owner"}),
    "DELETE /api/workspaces/{ws}/members/{person_id}": by_person("DELETE", MEMBERS + "/{guest}"),
    "GET /api/workspaces/{ws}/invitations": by_person("GET", INVITATIONS),
    "POST /api/workspaces/{ws}/invitations": by_person("POST", INVITATIONS, {"email": "new@example.com"}),
    "DELETE /api/workspaces/{ws}/invitations/{invitation_id}": by_person("DELETE", INVITATIONS + "/{invitation}"),
    "POST /api/invitations/preview": by_person("POST", "/api/invitations/preview", {"secret": ""}),
    "POST /api/invitations/acceptance": by_person("POST", "/api/invitations/acceptance", {"secret": ""}),
    "GET /api/workspaces/{ws}/tasks": by_person("GET", TASKS),
    "POST /api/workspaces/{ws}/tasks": by_person("POST", TASKS, {"title": "One more", "attachments": [FILE]}),
    "GET /api/workspaces/{ws}/tasks/{task_id}": by_person("GET", ONE),
    "PATCH /api/workspaces/{ws}/tasks/{task_id}": by_person("PATCH", ONE, {"status": "completed"}),
    "DELETE /api/workspaces/{ws}/tasks/{task_id}": by_person("DELETE", ONE),
    "PUT /api/workspaces/{ws}/tasks/{task_id}/read": by_person("PUT", ONE + "/read"),
    "GET /api/workspaces/{ws}/tasks/{task_id}/messages": by_person("GET", ONE + "/messages"),
    "POST /api/workspaces/{ws}/tasks/{task_id}/messages": by_person("POST", ONE + "/messages", {"text": "Go on"}),
    "GET /api/workspaces/{ws}/tasks/{task_id}/activities": by_person("GET", ONE + "/activities"),
    "POST /api/workspaces/{ws}/attachments": by_person("POST", "/api/workspaces/{ws}/attachments", FILE),
    "PUT /api/workspaces/{ws}/attachments/{attachment_id}/content": sending_a_file,
    "GET /api/workspaces/{ws}/attachments/{attachment_id}": by_person(
        "GET", "/api/workspaces/{ws}/attachments/{attachment}"
    ),
    "GET /api/workspaces/{ws}/permissions": by_person("GET", PERMISSIONS),
    "PUT /api/workspaces/{ws}/permissions/{permission_id}/decision": by_person(
        "PUT", PERMISSIONS + "/{permission}/decision", {"behavior": "allow"}
    ),
    "GET /api/workspaces/{ws}/permission_rules": by_person("GET", RULES),
    "POST /api/workspaces/{ws}/permission_rules": by_person("POST", RULES, {"tool_name": "Bash", "pattern": "ls"}),
    "POST /api/workspaces/{ws}/permission_rules/preview": by_person(
        "POST", RULES + "/preview", {"tool_name": "Bash", "pattern": "ls *"}
    ),
    "DELETE /api/workspaces/{ws}/permission_rules/{rule_id}": by_person("DELETE", RULES + "/{rule}"),
    "GET /api/events": opening("/api/events?after={ws}:1"),
    "GET /api/inbox": by_person("GET", "/api/inbox"),
    "GET /api/push": by_person("GET", "/api/push"),
    "POST /api/push/devices": by_person("POST", "/api/push/devices", Browser().subscription()),
    "DELETE /api/push/devices/{device_id}": by_person("DELETE", "/api/push/devices/{device}"),
    "POST /mcp/{ws}": by_agent("ping"),
    "GET /mcp/{ws}": stream_of_agent,
    "DELETE /mcp/{ws}": end_of_session,
    "POST /mcp/{ws}/stateless": stateless,
    "GET /mcp/{ws}/stateless": lambda place: place.agent.http.get(f"{place.agent.path}/stateless"),
    "GET /grip/next/{unique}": opening("/grip/next/00000000000?link={link}"),
    "GET /api/openapi.json": by_person("GET", "/api/openapi.json"),
}

TOOLS: dict[str, Ask] = {
    "getWorkspace": by_tool("getWorkspace"),
    "createTask": by_tool("createTask", title="One more", body="", attachments=[FILE]),
    "updateTaskStatus": by_tool("updateTaskStatus", task_id="{task}", status="completed"),
    "reply": by_tool("reply", chat_id="{task}", text="Done"),
    "getTaskMessages": by_tool("getTaskMessages", task_id="{task}"),
    "getNextTask": by_tool("getNextTask"),
    "waitForReply": by_tool("waitForReply", task_id="{question}"),
    "getInbox": by_tool("getInbox"),
    "requestPermission": by_tool(
        "requestPermission", tool_name="Bash", description="", input='{"command":"git status"}'
    ),
    "downloadAttachment": by_tool("downloadAttachment", attachment_id="{attachment}", task_id="{task}"),
}

OTHERS: dict[str, Ask] = {
    "initialize": by_agent(
        "initialize",
        {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test-client", "version": "1"}},
    ),
    "tools/list": by_agent("tools/list"),
    "resources/list": by_agent("resources/list"),
    "resources/read a task": lambda place: place.agent.post(
        "resources/read", {"uri": f"handrail://{place.ws}/tasks/{place.task}"}
    ),
    "GET sub-tasks": by_person("GET", TASKS + "?parent_id={task}"),
    "POST a sub-task": lambda place: place.person.http.post(
        TASKS.format(ws=place.ws), json={"title": "A part", "parent_id": place.task}
    ),
    "notifications/claude/channel/permission_request": notified(
        "notifications/claude/channel/permission_request", REQUEST
    ),
}
