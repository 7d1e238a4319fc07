"""MCP: the workspace itself."""

from __future__ import annotations

import msgspec

from chalicelib.kernel.entity import Actor
from chalicelib.kernel.head import Counts
from chalicelib.kernel.mcp.registry import Arguments, Registry
from chalicelib.kernel.scope import Scope

registry = Registry()


class GetWorkspace(Arguments, kw_only=True):
    pass


class WorkspaceInfo(msgspec.Struct):
    workspace_id: str
    name: str
    mission: str
    archived: bool
    counts: Counts
    agent: Actor


@registry.tool("getWorkspace", "About this workspace", WorkspaceInfo, read_only=True)
def get_workspace(scope: Scope, arguments: GetWorkspace) -> WorkspaceInfo:
    """What this workspace is for, how its tasks stand, and who you are in it."""
    head = scope.head
    archived = head.archived_at is not None
    return WorkspaceInfo(scope.workspace_id, head.name, head.mission, archived, head.counts, scope.actor)
