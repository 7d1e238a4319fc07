"""What the API function serves: every route. A new feature is a folder, and its lines here and beside."""

from __future__ import annotations

from itertools import chain

from chalicelib.attachments import routes as attachment_routes
from chalicelib.attachments import tools as attachment_tools
from chalicelib.inbox import push
from chalicelib.inbox import routes as inbox_routes
from chalicelib.inbox import tools as inbox_tools
from chalicelib.kernel import links, openapi
from chalicelib.kernel.http import Route
from chalicelib.kernel.links import Follower, PersonFollower
from chalicelib.kernel.mcp import era_session, era_stateless
from chalicelib.kernel.mcp.registry import Registry
from chalicelib.kernel.mcp.routes import routes_of
from chalicelib.kernel.mcp.server import Server
from chalicelib.members import routes as member_routes
from chalicelib.people import routes as people_routes
from chalicelib.permissions import routes as permission_routes
from chalicelib.permissions import tools as permission_tools
from chalicelib.push import routes as push_routes
from chalicelib.tasks import routes as task_routes
from chalicelib.tasks import tools as task_tools
from chalicelib.tokens import presence
from chalicelib.tokens import routes as token_routes
from chalicelib.workspaces import person_stream
from chalicelib.workspaces import routes as workspace_routes
from chalicelib.workspaces import stream as workspace_stream
from chalicelib.workspaces import tools as workspace_tools

registry = Registry()
for _tools in (workspace_tools, task_tools, inbox_tools, permission_tools, attachment_tools):
    registry.add(_tools.registry)

server = Server(registry, push, presence.seen, presence.left)

followers: dict[str, Follower] = {
    workspace_stream.KIND: workspace_stream.follow,
    era_session.KIND: lambda scope, link: era_session.follow(server, scope, link),
    era_stateless.KIND: lambda scope, link: era_stateless.follow(server, scope, link),
}

followers_of_persons: dict[str, PersonFollower] = {person_stream.KIND: person_stream.follow}

_described: list[Route] = list(
    chain(
        people_routes.routes,
        workspace_routes.routes,
        member_routes.routes,
        workspace_stream.routes,
        person_stream.routes,
        token_routes.routes,
        task_routes.routes,
        attachment_routes.routes,
        permission_routes.routes,
        inbox_routes.routes,
        push_routes.routes,
        routes_of(server),
        links.routes_of(followers, followers_of_persons),
    )
)
routes: list[Route] = [*_described, *openapi.routes_of(_described)]
