"""How to call every route and every tool. What is missing here fails the enumeration, so a new one must be added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.kernel.http import Route
from tests.support.clients import Json
from tests.support.push import Browser

IdsOf = Mapping[str, str]


@dataclass(frozen=True)
class Ask:
    """The parts of a request besides method, path and credential."""

    json: Json | None = None
    params: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"params": self.params, "headers": self.headers}
        if self.content is not None:
            options["headers"] = self.headers | {"Content-Type": "application/octet-stream"}
            return options | {"content": self.content}
        return options if self.json is None else options | {"json": self.json}


Asking = Callable[[IdsOf], Ask]


def plain(ids: IdsOf) -> Ask:
    return Ask()


def body(**values: Any) -> Asking:
    return lambda ids: Ask(json=values)


WS = "/api/workspaces/{ws}"

ROUTES: dict[str, Asking] = {
    "GET /auth/config": plain,
    "POST /auth/local/session": plain,
    "GET /auth/google/login": lambda ids: Ask(params={"next": f"/w/{ids['task_id']}"}),
    "GET /auth/google/callback": lambda ids: Ask(params={"state": "forged", "code": "forged"}),
    "GET /auth/session": plain,
    "DELETE /auth/session": plain,
    "GET /api/workspaces": plain,
    "GET /api/overview": plain,
    "POST /api/workspaces": body(name="somewhere"),
    "GET /api/events": plain,
    "GET /api/inbox": plain,
    "GET /api/push": plain,
    "POST /api/push/devices": lambda ids: Ask(json=Browser().subscription()),
    "DELETE /api/push/devices/{device_id}": plain,
    "GET /api/openapi.json": plain,
    "GET /grip/next/{unique}": lambda ids: Ask(params={"link": "forged"}),
    f"GET {WS}": plain,
    f"PATCH {WS}": body(name="taken over"),
    f"DELETE {WS}": body(confirm="taken over"),
    f"PUT {WS}/archive": plain,
    f"DELETE {WS}/archive": plain,
    f"GET {WS}/events": lambda ids: Ask(params={"after": 0}),
    f"GET {WS}/tokens": plain,
    f"POST {WS}/tokens": body(name="intruder"),
    f"POST {WS}/tokens/{{token_id}}/rotation": plain,
    f"DELETE {WS}/tokens/{{token_id}}": plain,
    f"GET {WS}/members": plain,
    f"PATCH {WS}/members/{{person_id}}": body(role="owner"),
    f"DELETE {WS}/members/{{person_id}}": plain,
    f"GET {WS}/invitations": plain,
    f"POST {WS}/invitations": body(email="intruder@example.com"),
    f"DELETE {WS}/invitations/{{invitation_id}}": plain,
    "POST /api/invitations/preview": body(secret="forged"),
    "POST /api/invitations/acceptance": body(secret="forged"),
    f"GET {WS}/tasks": lambda ids: Ask(params={"parent_id": ids["task_id"]}),
    f"POST {WS}/tasks": lambda ids: Ask(
        json={"title": "x", "parent_id": ids["task_id"], "attachments": [{"id": ids["upload_id"]}]}
    ),
    f"GET {WS}/tasks/{{task_id}}": plain,
    f"PATCH {WS}/tasks/{{task_id}}": body(title="taken over"),
    f"DELETE {WS}/tasks/{{task_id}}": plain,
    f"PUT {WS}/tasks/{{task_id}}/read": plain,
    f"GET {WS}/tasks/{{task_id}}/messages": lambda ids: Ask(params={"after": ids["message_id"]}),
    f"POST {WS}/tasks/{{task_id}}/messages": lambda ids: Ask(
        json={"text": "x", "attachments": [{"id": ids["upload_id"]}]}
    ),
    f"GET {WS}/tasks/{{task_id}}/activities": plain,
    f"POST {WS}/attachments": body(filename="x.txt", data="eA=="),
    f"PUT {WS}/attachments/{{attachment_id}}/content": lambda ids: Ask(content=b"taken over"),
    f"GET {WS}/attachments/{{attachment_id}}": plain,
    f"GET {WS}/permissions": lambda ids: Ask(params={"task_id": ids["task_id"]}),
    f"PUT {WS}/permissions/{{permission_id}}/decision": body(behavior="allow"),
    f"GET {WS}/permission_rules": plain,
    f"POST {WS}/permission_rules": body(tool_name="Bash", pattern="ls"),
    f"POST {WS}/permission_rules/preview": body(tool_name="Bash", pattern="ls *"),
    f"DELETE {WS}/permission_rules/{{rule_id}}": plain,
    "POST /mcp/{ws}": body(jsonrpc="2.0", id="same", method="tools/list", params={}),
    "GET /mcp/{ws}": lambda ids: Ask(headers={"Accept": "text/event-stream"}),
    "DELETE /mcp/{ws}": plain,
    "POST /mcp/{ws}/stateless": body(jsonrpc="2.0", id="same", method="server/discover", params={}),
    "GET /mcp/{ws}/stateless": plain,
}

TOOLS: dict[str, Callable[[IdsOf], Json]] = {
    "getWorkspace": lambda ids: {},
    "createTask": lambda ids: {
        "title": "x",
        "body": "x",
        "parent_id": ids["task_id"],
        "attachments": [{"id": ids["upload_id"]}],
    },
    "updateTaskStatus": lambda ids: {"task_id": ids["task_id"], "status": "completed"},
    "reply": lambda ids: {"chat_id": ids["task_id"], "text": "x", "attachments": [{"id": ids["upload_id"]}]},
    "getTaskMessages": lambda ids: {"task_id": ids["task_id"]},
    "getNextTask": lambda ids: {"claim": False},
    "getInbox": lambda ids: {"ack": [ids["entry_id"]]},
    "waitForReply": lambda ids: {"task_id": ids["question_id"], "after": ids["message_id"], "timeout_s": 0},
    "requestPermission": lambda ids: {
        "task_id": ids["task_id"],
        "tool_name": "Bash",
        "description": "x",
        "input": "x",
    },
    "downloadAttachment": lambda ids: {"attachment_id": ids["attachment_id"], "task_id": ids["task_id"]},
}

NOTIFICATIONS: dict[str, Callable[[IdsOf], Json]] = {
    "notifications/claude/channel/permission_request": lambda ids: {
        "request_id": "r1",
        "tool_name": "Bash",
        "description": "x",
        "input_preview": "x",
        "task_id": ids["task_id"],
    },
}

RESOURCES = {"handrail://{ws}/tasks/{id}": "task_id", "handrail://{ws}/inbox": ""}


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def unknown(found: Iterable[str], known: Iterable[str]) -> set[str]:
    """Both what nobody knows how to call, and what is known but is no longer there."""
    return set(found) ^ set(known)
