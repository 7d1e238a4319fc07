"""Calling a tool: the wall of `workspace_id`, checked arguments, and every outcome as a tool result.

A `Problem` becomes a result with `isError`, the same problem as `structuredContent`, and a text that says what to do.
A held call has a complete answer already, for when nothing happens; on a hint the relay asks again.
"""

from __future__ import annotations

import logging

import msgspec

from chalicelib.kernel import grip, outage
from chalicelib.kernel.entity import to_json
from chalicelib.kernel.errors import Json, Problem, ValidationFailed, WorkspaceMismatch
from chalicelib.kernel.http import convert, idempotency
from chalicelib.kernel.mcp.messages import INVALID_PARAMS, Message, Params, RpcError
from chalicelib.kernel.mcp.registry import Held, Registry, Tool
from chalicelib.kernel.scope import Scope

IDEMPOTENCY_KEY = "handrail/idempotency-key"
# The id of no hint: with none, a relay would not compare.
BEFORE_ANY = "0"
log = logging.getLogger("handrail.mcp")


def describe(tool: Tool) -> Params:
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": {"readOnlyHint": tool.read_only, "openWorldHint": False},
    }


def call(registry: Registry, scope: Scope, message: Message) -> tuple[Params, grip.Headers]:
    """The result of a `tools/call`, and the headers that hold it, if it waits."""
    name, arguments = message.params.get("name"), message.params.get("arguments") or {}
    tool = registry.tools.get(name) if isinstance(name, str) else None
    if tool is None:
        raise RpcError(
            INVALID_PARAMS,
            f"Unknown tool: {str(name)[:100]}. Ask tools/list for what there is.",
            id=message.id,
        )
    try:
        answer = _run(tool, scope, message, arguments)
    except Problem as problem:
        return _refusal(problem), {}
    except Exception as error:
        if (problem_of_storage := outage.as_problem(error)) is None:
            raise
        log.warning("outage", extra={"fields": {"tool": tool.name, "error": str(error)}})
        return _refusal(problem_of_storage), {}
    if isinstance(answer, Held):
        return _success(scope, answer.meanwhile), _hold(scope, answer)
    return _success(scope, answer), {}


def _run(tool: Tool, scope: Scope, message: Message, arguments: Json) -> msgspec.Struct | Held[msgspec.Struct]:
    if not isinstance(arguments, dict):
        raise ValidationFailed(("arguments", "must be an object"))
    scope.check_named(arguments.get("workspace_id"))
    key = message.meta.get(IDEMPOTENCY_KEY)
    if key is not None:
        if not isinstance(key, str):
            raise ValidationFailed((f"_meta.{IDEMPOTENCY_KEY}", "must be a string"))
        scope = scope.with_idempotency(idempotency(key, tool.name, msgspec.json.encode(arguments)))
    try:
        checked = convert(arguments, tool.arguments)
    except ValidationFailed as error:
        raise _named(error) from error
    return tool.handler(scope, checked)


def _named(error: ValidationFailed) -> ValidationFailed:
    """The same refusal, in the words that every tool uses for a missing argument."""
    word = "missing required field `"
    if word in error.detail:
        name = error.detail.partition(word)[2].partition("`")[0]
        return ValidationFailed(("", f"Missing or invalid argument: {name}"))
    return error


def _success(scope: Scope, value: msgspec.Struct) -> Params:
    plain = to_json(value)
    unread = scope.head.unread_by(scope.actor.id)
    if unread and isinstance(plain, dict):
        plain.setdefault("unread", unread)
    return {
        "content": [{"type": "text", "text": as_text(plain)}],
        "structuredContent": plain,
        "isError": False,
    }


def _refusal(problem: Problem) -> Params:
    advice = problem.detail
    if not isinstance(problem, WorkspaceMismatch | ValidationFailed):
        advice = f"{problem.title}. {problem.detail}"
    return {
        "content": [{"type": "text", "text": advice}],
        "structuredContent": problem.as_json(),
        "isError": True,
    }


def _hold(scope: Scope, held: Held[msgspec.Struct]) -> grip.Headers:
    channels = {
        held.channel: held.last_hint or BEFORE_ANY,
        f"tok-{scope.credential_id}": None,
        f"gone-{scope.workspace_id}": None,
    }
    return grip.response(channels, held.seconds)


def as_text(value: Json) -> str:
    return msgspec.json.encode(value).decode()
