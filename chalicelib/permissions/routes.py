"""HTTP: what agents ask for, what people decide, and the rules."""

from __future__ import annotations

import msgspec

from chalicelib.attachments.model import Id
from chalicelib.kernel.http import Call, Listing, Nothing, Reply, Routes
from chalicelib.permissions import rulebook, rules
from chalicelib.permissions.model import Permission, PermissionRule, PermissionStatus
from chalicelib.permissions.rulebook import NewRule, Preview, Trial
from chalicelib.permissions.rules import Decision

routes = Routes()
PERMISSIONS = "/api/workspaces/{ws}/permissions"
RULES = "/api/workspaces/{ws}/permission_rules"


class PermissionFilter(Listing, forbid_unknown_fields=True):
    status: PermissionStatus | None = None
    task_id: Id | None = None


class Permissions(msgspec.Struct):
    items: list[Permission]
    next_cursor: str | None
    seq: int


class PermissionRules(msgspec.Struct):
    items: list[PermissionRule]
    next_cursor: str | None
    seq: int


@routes.route("GET", PERMISSIONS, query=PermissionFilter, answer=Permissions)
def permissions(call: Call[Nothing, PermissionFilter]) -> Permissions:
    """What agents asked for."""
    query = call.query
    page = rules.permissions(call.scope, query.status, query.task_id, query.limit, query.cursor)
    return Permissions(page.items, page.next_cursor, call.scope.head.seq)


@routes.route("PUT", PERMISSIONS + "/{permission_id}/decision", body=Decision, answer=Permission)
def decide(call: Call[Decision, Nothing]) -> Permission:
    """Allow once, allow always, or deny. Decided once."""
    return rules.decide(call.scope, call.path["permission_id"], call.body)


@routes.route("GET", RULES, query=Listing, answer=PermissionRules)
def permission_rules(call: Call[Nothing, Listing]) -> PermissionRules:
    """The rules that allow without asking."""
    page = call.scope.list(PermissionRule, PermissionRule.key(""), call.query.limit, call.query.cursor)
    return PermissionRules(page.items, page.next_cursor, call.scope.head.seq)


@routes.route("POST", RULES, body=NewRule, answer=PermissionRule, status=201)
def add_rule(call: Call[NewRule, Nothing]) -> PermissionRule:
    """Write a rule by hand."""
    return rulebook.add(call.scope, call.body)


@routes.route("POST", RULES + "/preview", body=Trial, answer=Preview)
def preview(call: Call[Trial, Nothing]) -> Preview:
    """What a rule would allow, if it were written: an input, and which of the latest requests."""
    return rulebook.preview(call.scope, call.body)


@routes.route("DELETE", RULES + "/{rule_id}", status=204)
def remove_rule(call: Call[Nothing, Nothing]) -> Reply:
    """Remove a rule."""
    rulebook.remove(call.scope, call.path["rule_id"])
    return Reply(204)
