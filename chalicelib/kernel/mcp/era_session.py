"""`/mcp/{ws}`: MCP up to 2025-11-25, with a session and the server's own stream, on which pushes arrive.

Newer clients probe with `server/discover` first. "Method not found" sends them here by `initialize`, which is what
registers them for pushes.

    GET ──► frames that are waiting, then held on the agent's channels
                 ▲                         │ hint: something is new for this agent
                 └── relay follows link ◄──┘ (which says what it has: nothing twice, nothing lost)
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.kernel import grip
from chalicelib.kernel.directory import Client
from chalicelib.kernel.errors import BadRequest, NotFound, Problem
from chalicelib.kernel.http import Call, Reply
from chalicelib.kernel.links import Link, address, link_for
from chalicelib.kernel.mcp import sessions
from chalicelib.kernel.mcp.messages import (
    SESSION_VERSIONS,
    Message,
    Params,
    RpcError,
    check_request,
    notification_frame,
    parse,
    result,
    stream,
    unknown_method,
)
from chalicelib.kernel.mcp.server import NAME, VERSION, Server
from chalicelib.kernel.mcp.sessions import McpSession
from chalicelib.kernel.room import Room
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
from chalicelib.kernel.text import harmless

KIND = "agent"
SESSION_HEADER = "mcp-session-id"
VERSION_HEADER = "mcp-protocol-version"
_LATEST = SESSION_VERSIONS[-1]


class UnknownSession(NotFound):
    """What tells a client to initialize again."""


def post(server: Server, call: Call[bytes, object]) -> Reply:
    try:
        message = parse(call.body)
        return _handle(server, call, message)
    except RpcError as error:
        return error.reply()


def get(server: Server, call: Call[bytes, object]) -> Reply:
    """Open the server's stream: what waits for the agent, or what came since `Last-Event-ID`."""
    if "text/event-stream" not in (call.header("accept") or ""):
        raise BadRequest("Ask for this stream with 'Accept: text/event-stream'.")
    scope = _in_session(call)
    server.seen(scope, scope.client)
    opening = f": {NAME}\n{grip.RETRY}\n"
    return _stream(server, scope, _number(call.header("last-event-id")), opening)


def follow(server: Server, scope: Scope, link: Link) -> Reply:
    server.seen(scope, None)
    return _stream(server, scope, link.after, "")


def _stream(server: Server, scope: Scope, after: int | None, opening: str) -> Reply:
    """As much as fits into one answer; the rest is asked for at once."""
    room, content = Room(), [opening]
    last: int | None = None
    for one in server.inbox.frames(scope, after):
        frame = notification_frame(one.method, one.params, one.seq)
        if not room.takes(frame):
            assert last is not None
            return stream("".join(content), grip.more(address(link_for(scope, KIND, last))))
        content.append(frame)
        last = one.seq
    link = address(link_for(scope, KIND, scope.head.seq))
    headers = grip.stream(agent_channels(scope), link, settings().agent_recheck)
    return stream("".join(content), headers)


def delete(server: Server, call: Call[bytes, object]) -> Reply:
    """The client ends its session."""
    scope = _in_session(call)
    session = sessions.read(call.header(SESSION_HEADER) or "")
    assert session is not None
    server.left(scope, sessions.end(scope, session))
    return Reply(204)


def agent_channels(scope: Scope) -> dict[str, str | None]:
    ws, agent = scope.workspace_id, scope.credential_id
    names = (f"agent-{ws}-{agent}", f"agent-{ws}-all", f"tok-{agent}", f"gone-{ws}")
    return dict.fromkeys(names)


def _handle(server: Server, call: Call[bytes, object], message: Message) -> Reply:
    if message.method == "initialize":
        return _initialize(server, call.scope, message)
    if message.method == "server/discover":
        raise unknown_method(message)
    scope = _in_session(call)
    version = _version(call, message)
    server.seen(scope, scope.client)
    if message.id is None:
        _notified(server, scope, message)
        return Reply(202)
    check_request(message, version)
    body, held = server.call(scope, message, version)
    return Reply(200, body, held)


def introduced(info: Params) -> Client:
    """The client as it introduced itself (`clientInfo`), fit to be shown to people."""
    return Client(harmless(info.get("name"), 100), harmless(info.get("version"), 50))


def _initialize(server: Server, scope: Scope, message: Message) -> Reply:
    if message.id is None:
        raise RpcError(-32600, "initialize is a request and needs an id.", status=400)
    check_request(message, _LATEST)
    offered = str(message.params.get("protocolVersion"))
    version = offered if offered in SESSION_VERSIONS else _LATEST
    info = message.params.get("clientInfo")
    client = introduced(info if isinstance(info, dict) else {})
    session = sessions.begin(scope, version, client)
    server.seen(scope, client)
    value: Params = {
        "protocolVersion": version,
        "capabilities": {
            "tools": {},
            "resources": {},
            "experimental": {"claude/channel": {}, "claude/channel/permission": {}},
        },
        "serverInfo": {"name": NAME, "title": "Handrail", "version": VERSION},
        "instructions": server.instructions(scope),
    }
    return Reply(200, result(message, version, value), {"Mcp-Session-Id": session})


def _notified(server: Server, scope: Scope, message: Message) -> None:
    """Notifications that nobody declared are accepted, as the protocol says; they ask for nothing."""
    handler = server.registry.notifications.get(message.method)
    if handler is None:
        return
    try:
        handler(scope, message.params)
    except Problem as problem:
        raise RpcError(-32602, problem.detail, status=400) from problem


def _in_session(call: Call[bytes, object]) -> Scope:
    text = call.header(SESSION_HEADER)
    if text is None:
        raise BadRequest("Send the Mcp-Session-Id that initialize answered with.")
    session = sessions.read(text)
    if session is None or not sessions.is_alive(call.scope, session):
        raise UnknownSession()
    return replace(
        call.scope,
        client=session.client,
        connection=_connection(session),
    )


def _connection(session: McpSession) -> str:
    """Which session it is, and since when: a verdict goes to the session that asked, or to one that came later."""
    return f"{session.at.isoformat()} {session.id}"


def _version(call: Call[bytes, object], message: Message) -> str:
    version = call.header(VERSION_HEADER)
    if version is None:
        session = sessions.read(call.header(SESSION_HEADER) or "")
        return session.version if session else _LATEST
    if version not in SESSION_VERSIONS:
        raise RpcError(
            -32022,
            f"Unsupported protocol version. This address speaks {', '.join(SESSION_VERSIONS)}.",
            status=400,
            id=message.id,
            data={"supported": list(SESSION_VERSIONS), "requested": version[:50]},
        )
    return version


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
