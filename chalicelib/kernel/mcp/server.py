"""The MCP server of a workspace: what both generations share.

Every request is authorised first (`Scope`), so an unknown, foreign or dead token never reaches a method. `seen` is
told of every call: presence follows from activity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.kernel import grip
from chalicelib.kernel.directory import Client
from chalicelib.kernel.entity import Entity, to_json
from chalicelib.kernel.errors import Json, NotFound, Problem
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.mcp import calls
from chalicelib.kernel.mcp.messages import INVALID_PARAMS, STATELESS_VERSIONS, Message, Params, RpcError, result
from chalicelib.kernel.mcp.registry import Inbox, Registry, Resource
from chalicelib.kernel.scope import Scope

NAME = "handrail"
VERSION = "0.1.0"
RESOURCE_NOT_FOUND = -32002

INSTRUCTIONS = """\
You are connected to the Handrail workspace "{name}" (workspace_id {id}; pass it to every tool).
People here see only what you write with these tools.
- Work: getNextTask claims the oldest free task. Set it to ongoing with updateTaskStatus, report with reply,
  finish with completed.
- Ask: createTask with assignee human puts a question before a person; waitForReply waits for the answer
  (call it again while it says waiting).
- Ask before anything risky: requestPermission.
- When a result carries `unread`, call getInbox, and acknowledge what you have dealt with.
Messages may also arrive as channel notifications; chat_id is the task they belong to, answer with reply.\
"""


@dataclass(frozen=True)
class Server:
    registry: Registry
    inbox: Inbox
    seen: Callable[[Scope, Client | None], None]
    left: Callable[[Scope, Entity], None]

    def instructions(self, scope: Scope) -> str:
        return INSTRUCTIONS.format(name=scope.head.name, id=scope.workspace_id)

    def call(self, scope: Scope, message: Message, version: str) -> tuple[Params, grip.Headers]:
        """Answer a request that is the same in both generations, and how to hold the answer, if it waits."""
        value: Params
        held: grip.Headers = {}
        match message.method:
            case "ping":
                value = {}
            case "tools/list":
                value = {"tools": [calls.describe(tool) for tool in self.registry.tools.values()]}
            case "tools/call":
                value, held = calls.call(self.registry, scope, message)
            case "resources/list":
                value = {"resources": self._resources(scope)}
            case "resources/templates/list":
                value = {"resourceTemplates": self._templates(scope)}
            case "resources/read":
                value = self._read(scope, message, version)
            case _:
                raise RpcError(-32601, f"Method not found: {message.method[:100]}", id=message.id)
        return result(message, version, value | _newer(message.method, version)), held

    def uri(self, scope: Scope, resource: Resource) -> str:
        return resource.template.replace("{ws}", scope.workspace_id)

    def find(self, scope: Scope, uri: str) -> tuple[Resource, str]:
        """The resource that `uri` names, and the id in it."""
        for resource in self.registry.resources:
            start, placeholder, _ = self.uri(scope, resource).partition("{id}")
            if not placeholder and uri == start:
                return resource, ""
            if placeholder and uri.startswith(start) and is_id(uri[len(start) :]):
                return resource, uri[len(start) :]
        raise NotFound()

    def _resources(self, scope: Scope) -> list[Json]:
        return [self._description(scope, one, "uri") for one in self.registry.resources if "{id}" not in one.template]

    def _templates(self, scope: Scope) -> list[Json]:
        return [
            self._description(scope, one, "uriTemplate") for one in self.registry.resources if "{id}" in one.template
        ]

    def _description(self, scope: Scope, resource: Resource, place: str) -> Params:
        return {
            place: self.uri(scope, resource),
            "name": resource.name,
            "description": resource.description,
            "mimeType": "application/json",
        }

    def _read(self, scope: Scope, message: Message, version: str) -> Params:
        uri = str(message.params.get("uri"))
        try:
            resource, id = self.find(scope, uri)
            value = resource.read(scope, id)
        except Problem as problem:
            unknown = isinstance(problem, NotFound) and version not in STATELESS_VERSIONS
            code = RESOURCE_NOT_FOUND if unknown else INVALID_PARAMS
            raise RpcError(code, problem.detail, id=message.id, data={"uri": uri[:500]}) from problem
        text = calls.as_text(to_json(value))
        return {"contents": [{"uri": uri, "mimeType": "application/json", "text": text}]}


def _newer(method: str, version: str) -> Params:
    """What 2026-07-28 wants in a result besides; of listings, how long they hold: ours may change at any time."""
    if version not in STATELESS_VERSIONS:
        return {}
    caching: Params = {"ttlMs": 0, "cacheScope": "private"} if method.endswith(("/list", "/read")) else {}
    return {"resultType": "complete"} | caching
