"""MCP: asking for permission, by a tool that waits or by Claude Code's own notification."""

from __future__ import annotations

import msgspec

from chalicelib.attachments.model import Id
from chalicelib.kernel.errors import Json
from chalicelib.kernel.http import convert
from chalicelib.kernel.mcp.registry import Arguments, Held, Registry
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
from chalicelib.permissions import rules
from chalicelib.permissions.model import Description, Input, RequestId, ToolName
from chalicelib.permissions.waits import Verdict, channel, verdict

registry = Registry()


class RequestPermission(Arguments, kw_only=True):
    tool_name: ToolName
    description: Description
    input: Input | dict[str, object] | None = None
    task_id: Id | None = None


class PermissionRequest(msgspec.Struct, kw_only=True):
    """The parameters of the notification."""

    request_id: RequestId
    tool_name: ToolName
    description: Description = ""
    input_preview: Input = ""
    task_id: Id | None = None


@registry.tool("requestPermission", "Ask a person for permission", Verdict)
def request_permission(scope: Scope, arguments: RequestPermission) -> Verdict | Held[Verdict]:
    """Ask a person to allow something before you do it, and wait. input is exactly what would run, as JSON.

    While the status is waiting, call it again with the same arguments.
    """
    given = arguments.input
    text = given if isinstance(given, str) else msgspec.json.encode(given or {}).decode()
    asked = rules.Request(
        tool_name=arguments.tool_name,
        description=arguments.description,
        input=text,
        task_id=arguments.task_id,
    )
    permission = rules.request(scope, asked)
    answer = verdict(permission)
    if permission.status != "pending":
        return answer
    return Held(answer, channel(scope.workspace_id, permission.id), "", settings().longest_wait)


@registry.notification("notifications/claude/channel/permission_request")
def permission_requested(scope: Scope, params: dict[str, Json]) -> None:
    """The verdict goes back as a notification of its own."""
    params = {name: value for name, value in params.items() if name in PermissionRequest.__struct_fields__}
    given = convert(params, PermissionRequest)
    rules.request(
        scope,
        rules.Request(
            tool_name=given.tool_name,
            description=given.description,
            input=given.input_preview,
            task_id=given.task_id,
            request_id=given.request_id,
        ),
    )
