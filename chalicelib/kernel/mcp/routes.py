"""HTTP: the two MCP addresses of a workspace. A token is all that opens them; a session cookie does not."""

from __future__ import annotations

from chalicelib.kernel import grip
from chalicelib.kernel.http import Call, Reply, Routes
from chalicelib.kernel.mcp import era_session, era_stateless
from chalicelib.kernel.mcp.server import Server

SESSION = "/mcp/{ws}"
STATELESS = "/mcp/{ws}/stateless"


def _fit_to_be_held(call: Call[bytes, object], reply: Reply) -> Reply:
    """A request too long for a relay to repeat has its answer, which says to call again, at once."""
    if len(call.body) <= grip.MOST_REPEATED or reply.headers.get("Grip-Hold") != "response":
        return reply
    return Reply(reply.status, reply.body, {k: v for k, v in reply.headers.items() if not k.startswith("Grip-")})


def routes_of(server: Server) -> Routes:
    routes = Routes()

    @routes.route("POST", SESSION, access="agent")
    def message(call: Call[bytes, object]) -> Reply:
        """Send an MCP message (up to 2025-11-25)."""
        return _fit_to_be_held(call, era_session.post(server, call))

    @routes.route("GET", SESSION, access="agent", media_type="text/event-stream")
    def events(call: Call[bytes, object]) -> Reply:
        """Open the server's stream."""
        return era_session.get(server, call)

    @routes.route("DELETE", SESSION, access="agent", status=204)
    def end(call: Call[bytes, object]) -> Reply:
        """End the session."""
        return era_session.delete(server, call)

    @routes.route("POST", STATELESS, access="agent")
    def stateless_message(call: Call[bytes, object]) -> Reply:
        """Send an MCP request (2026-07-28)."""
        return _fit_to_be_held(call, era_stateless.post(server, call))

    @routes.route("GET", STATELESS, access="agent", status=405)
    def no_stream(call: Call[bytes, object]) -> Reply:
        """There is no stream to open here: subscriptions/listen is a POST."""
        return Reply(405, "", {"Allow": "POST"})

    return routes
