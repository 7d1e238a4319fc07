"""Two full workspaces of two people, for tests that nothing crosses from one to the other.

Everything in a world carries its canary; `ids` names one entity of each kind that a route or a tool takes an id of.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from chalicelib.kernel import store, tenancy
from tests.support.clients import Agent, Json, Person
from tests.support.push import Browser

INCIDENTAL = {"date", "x-request-id", "content-length"}
STATELESS = "2026-07-28"


class Ids(dict[str, str]):
    """Ids by kind, which remembers the kinds that were asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.used: set[str] = set()

    def __getitem__(self, kind: str) -> str:
        self.used.add(kind)
        return super().__getitem__(kind)


@dataclass
class World:
    person: Person
    canary: str
    workspace_id: str
    agent: Agent
    ids: dict[str, str]
    secrets: list[str] = field(default_factory=list)

    def items(self) -> dict[str, tuple[str, int]]:
        """All that is stored of the workspace."""
        with tenancy.within(self.workspace_id):
            rows = store.WorkspaceItem.query(self.workspace_id, consistent_read=True)
            return {row.sk: (row.body, int(row.version)) for row in rows}

    def traces(self) -> list[str]:
        """What nobody else may ever see: its texts, its secrets, its ids."""
        return [self.canary, *self.secrets, self.workspace_id, self.person.id, *self.ids.values()]


def absent_ids(world: World) -> dict[str, str]:
    """Ids that nothing has, and that sort where the world's own do."""
    return {kind: absent_like(id) for kind, id in world.ids.items()}


def absent_like(id: str) -> str:
    return id[:-1] + ("0" if id[-1] != "0" else "1")


def full_world(url: str, name: str) -> World:
    """A person whose workspace has something of everything."""
    canary = f"canary{name}{secrets.token_hex(8)}"
    person = Person(url, canary)
    ws = person.create_workspace(canary, mission=f"the mission {canary}")["id"]
    agent = person.agent(ws, f"laptop {canary}").initialize()
    upload = {"filename": f"{canary}.txt", "mime_type": "text/plain", "data": _base64(f"content {canary}")}
    loose = person.ask("POST", f"/api/workspaces/{ws}/attachments", 201, json=upload)["id"]
    task = person.create_task(ws, f"task {canary}", body=f"body {canary}", attachments=[upload])
    asked = {"title": f"question {canary}", "body": canary, "assignee": "human", "parent_id": task["id"]}
    question = agent.call("createTask", **asked)["task_id"]
    agent.call("reply", chat_id=task["id"], text=f"reply {canary}", attachments=[upload])
    message = person.reply(ws, question, f"answer {canary}")
    agent.notify(
        "notifications/claude/channel/permission_request",
        {
            "request_id": canary,
            "tool_name": "Bash",
            "description": canary,
            "input_preview": f'{{"command":"ls {canary}"}}',
        },
    )
    permission = person.ask("GET", f"/api/workspaces/{ws}/permissions?status=pending")["items"][0]
    rule = {"tool_name": "Bash", "pattern": f"echo {canary}"}
    rule_id = person.ask("POST", f"/api/workspaces/{ws}/permission_rules", 201, json=rule)["id"]
    entries = agent.call("getInbox")["entries"]
    assert entries, "the world's agent must have something in its inbox"
    invited = person.invite(ws, f"{canary}@invited.example.com")
    browser = Browser()
    ids = {
        "task_id": task["id"],
        "question_id": question,
        "message_id": message["id"],
        "attachment_id": task["attachments"][0]["id"],
        "upload_id": loose,
        "permission_id": permission["id"],
        "rule_id": rule_id,
        "token_id": agent.token_id,
        "entry_id": entries[-1]["id"],
        "person_id": person.id,
        "invitation_id": invited["invitation"]["id"],
        "device_id": browser.registered(person, f"browser {canary}")["id"],
    }
    cookie = person.http.headers["cookie"].partition("=")[2]
    invitation = invited["link"].partition("#")[2]
    secret = [agent.secret, str(agent.session), cookie, person.session.id, browser.path, invitation]
    return World(person, canary, ws, agent, ids, secret)


@dataclass(frozen=True)
class Told:
    """All that an answer tells its reader, apart from when and which request it was."""

    status: int
    headers: dict[str, str]
    body: bytes

    def without(self, *ids: str) -> Told:
        """The same, with the ids that the request itself named made equal."""
        body = self.body
        for id in ids:
            body = body.replace(id.encode(), b"<id>")
        return Told(self.status, self.headers, body)

    def everything(self) -> str:
        return f"{self.headers} {self.body.decode('utf-8', 'replace')}"


def told(answer: httpx.Response) -> Told:
    assert not [name for name in answer.headers if name.startswith("grip-")], "what is for the relay went to a client"
    return Told(answer.status_code, {k: v for k, v in answer.headers.items() if k not in INCIDENTAL}, answer.content)


def rpc(method: str, params: Json) -> Json:
    """A request whose id is always the same, so that two answers can be compared to the byte."""
    return {"jsonrpc": "2.0", "id": "same", "method": method, "params": params}


def stateless(method: str, params: Json) -> tuple[Json, dict[str, str]]:
    """Body and headers of a request of the stateless era."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test-client", "version": "1"},
    }
    headers = {"MCP-Protocol-Version": STATELESS, "Mcp-Method": method}
    name = params.get("name") or params.get("uri")
    if name is not None:
        headers["Mcp-Name"] = str(name)
    return rpc(method, params | {"_meta": meta}), headers


def both_eras(agent: Agent, workspace_id: str, method: str, params: Json) -> Iterator[httpx.Response]:
    """The answers of both MCP addresses of a workspace to one request of `agent`."""
    yield agent.http.post(f"/mcp/{workspace_id}", json=rpc(method, params), headers=agent.headers())
    body, headers = stateless(method, params)
    yield agent.http.post(f"/mcp/{workspace_id}/stateless", json=body, headers=headers)


def structured(answer: httpx.Response) -> Json:
    result: dict[str, Any] = answer.json()["result"]
    return result


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
