"""`/mcp/{ws}/stateless`: MCP 2026-07-28. Every request stands alone and says who it is from in `_meta`.

`subscriptions/listen` is a stream that tells which resources changed; what changed is read with `resources/read`.
"""

from __future__ import annotations

import base64
import binascii

from chalicelib.kernel import grip
from chalicelib.kernel.directory import Client
from chalicelib.kernel.errors import Json, Problem
from chalicelib.kernel.events import Event, number
from chalicelib.kernel.http import Call, Reply
from chalicelib.kernel.links import Link, address, link_for
from chalicelib.kernel.mcp.era_session import VERSION_HEADER, agent_channels, introduced
from chalicelib.kernel.mcp.messages import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    STATELESS_VERSIONS,
    UNSUPPORTED_VERSION,
    Message,
    Params,
    RpcError,
    check_request,
    notification_frame,
    parse,
    result,
    stream,
)
from chalicelib.kernel.mcp.server import NAME, VERSION, Server
from chalicelib.kernel.pages import start_after
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings

_META = "io.modelcontextprotocol/"
_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_STATUS = {-32700: 400, -32600: 400, -32602: 400, HEADER_MISMATCH: 400, UNSUPPORTED_VERSION: 400, -32601: 404}
KIND = "subscription"
# Pushpin takes 20 channels a connection; four of them are the agent's own.
MOST_SUBSCRIBED = 16
MOST_EVENTS = 200


def post(server: Server, call: Call[bytes, object]) -> Reply:
    try:
        return _handle(server, call, parse(call.body))
    except RpcError as error:
        error.status = _STATUS.get(error.code, error.status)
        return error.reply()


def follow(server: Server, scope: Scope, link: Link) -> Reply:
    """Tell a listening stream which of its resources changed."""
    server.seen(scope, None)
    frames = [
        notification_frame("notifications/resources/updated", {"uri": uri, **_subscription_meta(link.request_id)})
        for uri in _changed(scope, link)
    ]
    return _listen(scope, link.request_id, link.uris, "".join(frames))


def _handle(server: Server, call: Call[bytes, object], message: Message) -> Reply:
    scope = call.scope
    if message.id is None:
        _check_version(str(call.header(VERSION_HEADER)), message)
        return Reply(202)
    version = _check_envelope(call, message)
    check_request(message, version)
    server.seen(scope, _client(message))
    if message.method == "server/discover":
        return Reply(200, result(message, version, _discovery(server, scope)))
    if message.method == "subscriptions/listen":
        return _subscribe(server, scope, message)
    body, held = server.call(scope, message, version)
    return Reply(200, body, held)


def _discovery(server: Server, scope: Scope) -> Params:
    return {
        "supportedVersions": list(STATELESS_VERSIONS),
        "capabilities": {"tools": {}, "resources": {"subscribe": True}},
        "serverInfo": {"name": NAME, "title": "Handrail", "version": VERSION},
        "instructions": server.instructions(scope),
        "resultType": "complete",
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {f"{_META}serverInfo": {"name": NAME, "version": VERSION}},
    }


def _subscribe(server: Server, scope: Scope, message: Message) -> Reply:
    wanted = message.params.get("notifications")
    uris = wanted.get("resourceSubscriptions") if isinstance(wanted, dict) else None
    agreed: list[str] = []
    for uri in uris if isinstance(uris, list) else []:
        try:
            server.find(scope, str(uri))
        except Problem:
            continue
        agreed.append(str(uri))
    if len(agreed) > MOST_SUBSCRIBED:
        raise RpcError(INVALID_PARAMS, f"At most {MOST_SUBSCRIBED} resources in one stream.", id=message.id)
    assert message.id is not None
    honoured: dict[str, Json] = {"resourceSubscriptions": list(agreed)} if agreed else {}
    acknowledged = notification_frame(
        "notifications/subscriptions/acknowledged",
        {"notifications": honoured, **_subscription_meta(message.id)},
    )
    return _listen(scope, message.id, agreed, acknowledged)


def _listen(scope: Scope, request_id: str | int, uris: list[str], content: str) -> Reply:
    channels = agent_channels(scope)
    for uri in uris:
        if "/tasks/" in uri:
            channels[f"task-{scope.workspace_id}-{uri.rpartition('/')[2]}"] = None
    link = link_for(scope, KIND, scope.head.seq, request_id=request_id, uris=uris)
    return stream(content, grip.stream(channels, address(link), settings().agent_recheck))


def _changed(scope: Scope, link: Link) -> list[str]:
    """Which of the subscribed resources the events since `after` touched; all, where those are too many to read."""
    cursor = start_after(Event.key(number(link.after)))
    page = scope.list(Event, Event.key(""), MOST_EVENTS, cursor)
    if page.next_cursor is not None:
        return link.uris
    touched: set[str] = set()
    for event in page.items:
        task = event.entity("task")
        if task is not None:
            touched.add(f"handrail://{scope.workspace_id}/tasks/{task['id']}")
        if "*" in event.notify or scope.actor.id in event.notify:
            touched.add(f"handrail://{scope.workspace_id}/inbox")
    return [uri for uri in link.uris if uri in touched]


def _subscription_meta(request_id: str | int) -> Params:
    return {"_meta": {f"{_META}subscriptionId": request_id}}


def _check_envelope(call: Call[bytes, object], message: Message) -> str:
    """The protocol version of a request whose `_meta` and headers agree with each other."""
    version = message.meta.get(f"{_META}protocolVersion")
    missing = [key for key in ("protocolVersion", "clientCapabilities") if f"{_META}{key}" not in message.meta]
    if missing:
        names = ", ".join(f"{_META}{key}" for key in missing)
        raise RpcError(INVALID_PARAMS, f"params._meta must carry {names}", id=message.id)
    if not isinstance(version, str):
        raise RpcError(INVALID_PARAMS, "The protocol version in params._meta must be a string.", id=message.id)
    expected = {VERSION_HEADER: version, "mcp-method": message.method}
    if message.method in _NAMED_BY:
        expected["mcp-name"] = str(message.params.get(_NAMED_BY[message.method]))
    for header, value in expected.items():
        if _decoded(call.header(header)) != value:
            raise RpcError(HEADER_MISMATCH, f"The header {header} does not agree with the body.", id=message.id)
    _check_version(version, message)
    return version


def _check_version(version: str, message: Message) -> None:
    if version not in STATELESS_VERSIONS:
        raise RpcError(
            UNSUPPORTED_VERSION,
            "Unsupported protocol version",
            status=400,
            id=message.id,
            data={"supported": list(STATELESS_VERSIONS), "requested": version[:50]},
        )


def _decoded(value: str | None) -> str | None:
    """A header value without the blanks around it; wrapped as `=?base64?…?=` when it is not plain ASCII."""
    value = value.strip(" \t") if value is not None else None
    if value is None or not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _client(message: Message) -> Client | None:
    info = message.meta.get(f"{_META}clientInfo")
    if not isinstance(info, dict):
        return None
    return introduced(info)
