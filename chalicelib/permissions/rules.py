"""Asking and deciding; the rules that decide alone are in `rulebook`.

A request is asked once, however often it is repeated: it is known by the agent's own request id, or by its content.
A decision is made once and never changes. What a rule allows is recorded like any other decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from chalicelib.inbox import acknowledging
from chalicelib.inbox import rules as inbox
from chalicelib.inbox.model import InboxEntry
from chalicelib.kernel import clock
from chalicelib.kernel.entity import SYSTEM, Actor, public
from chalicelib.kernel.errors import AlreadyDecided, NotFound, ValidationFailed
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.pages import Cursor, Page
from chalicelib.kernel.scope import Scope, for_system
from chalicelib.kernel.settings import DAY
from chalicelib.kernel.text import line, long
from chalicelib.kernel.unit import Unit, run
from chalicelib.permissions import rulebook
from chalicelib.permissions.matching import rule_for
from chalicelib.permissions.model import (
    LARGEST_INPUT,
    Asked,
    Behavior,
    Permission,
    PermissionRule,
    PermissionStatus,
    Reason,
    StoredPermission,
)
from chalicelib.tasks import changes
from chalicelib.tasks.model import Agent, StoredTask, Task

REMEMBERED = 7 * DAY


class Request(msgspec.Struct, kw_only=True):
    """What an agent asks for."""

    tool_name: str
    description: str
    input: str
    task_id: str | None = None
    request_id: str | None = None

    def identity(self, agent: str) -> str:
        """The same for a repeat: the agent's request id where it has one, and the content in any case."""
        parts = [agent, self.request_id or "", self.task_id or "", self.tool_name, self.input]
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


class Decision(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    behavior: Behavior
    reason: Reason | None = None


def request(scope: Scope, asked: Request) -> StoredPermission:
    """The permission that `asked` is about: a new one, or the one that it became before.

    A repeat of a request that is open, or whose decision was not given to the agent yet, is the same request; one
    whose decision was, is a new one. An allowance is used once.
    """
    identity = asked.identity(scope.actor.id)
    long("input", asked.input, LARGEST_INPUT)
    granted = rulebook.granting(scope, asked.tool_name, asked.input)
    task_id = asked.task_id or _only_task(scope)
    permission_id = new_id()
    told = [] if asked.request_id else inbox.own(scope)

    def command(unit: Unit) -> StoredPermission:
        earlier = _earlier(unit, identity)
        if earlier is not None and (asked.request_id is not None or not earlier.delivered):
            return _again(unit, earlier, told)
        task = unit.find(StoredTask, task_id) if task_id else None
        if asked.task_id is not None and task is None:
            raise NotFound()
        permission = StoredPermission(
            workspace_id=scope.workspace_id,
            id=permission_id,
            task_id=task.id if task else None,
            agent=Agent(scope.actor.id, scope.actor.name),
            tool_name=line("tool_name", asked.tool_name),
            description=asked.description,
            input=asked.input,
            rule=rule_for(asked.tool_name, asked.input),
            created_at=clock.now(),
            request_id=asked.request_id,
            connection=scope.connection,
        )
        _remember(unit, identity, permission.id)
        unit.put(permission)
        _count(unit, task, permission, 1)
        _tell(unit, "permission.requested", permission, task)
        if granted and all(unit.find(PermissionRule, rule.id) for rule in granted):
            _settle(unit, permission, task, "allow", f"Allowed by the rule {granted[0].pattern}", SYSTEM)
        return permission

    # A rule that is removed in the meantime allows nothing any more.
    reads = [Asked.key(identity), *(rule.sort_key() for rule in granted)]
    reads += [StoredTask.key(task_id)] if task_id else []
    return run(scope.with_idempotency(None), StoredPermission, command, reads=reads)


def decide(scope: Scope, permission_id: str, decision: Decision) -> Permission:
    """A person's word, given once. The second one gets a conflict that carries the first."""
    scope.requires_person()

    def command(unit: Unit) -> Permission:
        permission = unit.get(StoredPermission, permission_id)
        if permission.status != "pending":
            who = permission.decided_by.name if permission.decided_by else "Somebody"
            raise AlreadyDecided(
                f"{who} already decided: {permission.behavior}.", current=public(permission, Permission)
            )
        if decision.behavior == "allow_always":
            if permission.rule is None:
                raise ValidationFailed(
                    ("behavior", "no rule can be written for this input; allow it once, or deny it")
                )
            rulebook.write(unit, permission.tool_name, permission.rule)
        task = unit.find(StoredTask, permission.task_id) if permission.task_id else None
        _settle(unit, permission, task, decision.behavior, decision.reason, scope.actor)
        return public(permission, Permission)

    return run(scope, Permission, command, reads=[StoredPermission.key(permission_id)])


def withdraw(workspace_id: str, task_id: str) -> None:
    """Deny what is still asked for a task that was deleted."""
    scope = for_system(workspace_id)
    if scope is None:
        return
    cursor: Cursor = None
    while True:
        page = scope.list(StoredPermission, StoredPermission.key("pending", ""), 100, cursor, index="by_state")
        for permission in page.items:
            if permission.task_id == task_id:
                _deny(scope, permission.id, "The task was deleted.")
        cursor = page.next_cursor
        if cursor is None:
            return


def permissions(
    scope: Scope, status: PermissionStatus | None, task_id: str | None, limit: int, cursor: Cursor
) -> Page[Permission]:
    """Oldest first with a status, newest first without; `task_id` filters within each page."""
    if status is not None:
        prefix = StoredPermission.key(status, "")
        page = scope.list(StoredPermission, prefix, limit, cursor, index="by_state")
    else:
        page = scope.list(StoredPermission, StoredPermission.key(""), limit, cursor, newest_first=True)
    chosen = [one for one in page.items if task_id is None or one.task_id == task_id]
    return Page([public(one, Permission) for one in chosen], page.next_cursor)


def _only_task(scope: Scope) -> str | None:
    """The task that the agent is on, where it does not say and there is exactly one."""
    ongoing = scope.list(StoredTask, StoredTask.key("agent", "ongoing", ""), 50, index="by_state").items
    own = [task.id for task in ongoing if task.agent is not None and task.agent.id == scope.actor.id]
    return own[0] if len(own) == 1 else None


def _earlier(unit: Unit, identity: str) -> StoredPermission | None:
    asked = unit.find(Asked, identity)
    return unit.find(StoredPermission, asked.permission_id) if asked else None


def _again(unit: Unit, permission: StoredPermission, told: Sequence[InboxEntry]) -> StoredPermission:
    """The same request once more: wait on, or take the decision."""
    if permission.status == "pending":
        return permission
    if permission.request_id is not None:
        notify = [_deliver(unit, permission)]
    else:
        permission.delivered, notify = True, []
        acknowledging.acknowledge_all(unit, [entry for entry in told if entry.permission_id == permission.id])
        unit.put(permission)
    unit.emit("permission.repeated", notify=notify, permission=public(permission, Permission))
    return permission


def _remember(unit: Unit, identity: str, permission_id: str) -> None:
    expires = clock.now() + timedelta(seconds=REMEMBERED)
    unit.put(
        Asked(workspace_id=unit.scope.workspace_id, id=identity, permission_id=permission_id, expires_at=expires)
    )


def _settle(
    unit: Unit,
    permission: StoredPermission,
    task: StoredTask | None,
    behavior: Behavior,
    reason: str | None,
    by: Actor,
) -> None:
    permission.status = "denied" if behavior == "deny" else "allowed"
    permission.behavior, permission.reason = behavior, reason
    permission.decided_by, permission.decided_at = by, clock.now()
    at_once = permission.agent.id == unit.scope.actor.id and permission.request_id is None
    permission.delivered = at_once
    unit.put(permission)
    _count(unit, task, permission, -1)
    notify = [] if at_once else [_deliver(unit, permission)]
    _tell(unit, "permission.decided", permission, task, notify)


def _deliver(unit: Unit, permission: StoredPermission) -> str:
    """Put the decision into the agent's inbox; for a request by notification, as the verdict it waits for."""
    content = f"[Permission {permission.id} {permission.status}] {permission.tool_name}"
    if permission.reason:
        content += f": {permission.reason}"
    by_notification = permission.request_id is not None
    return inbox.deliver(
        unit,
        permission.agent.id,
        "permission",
        content,
        task_id=permission.task_id,
        permission_id=permission.id,
        request_id=permission.request_id,
        behavior=("deny" if permission.behavior == "deny" else "allow") if by_notification else None,
        connection=permission.connection,
        asked_at=permission.created_at if by_notification else None,
    )


def _count(unit: Unit, task: StoredTask | None, permission: StoredPermission, step: int) -> None:
    unit.head.counts.waiting += step
    if task is None:
        return
    before = msgspec.structs.replace(task)
    task.pending_permissions += step
    if task.pending_permissions == 0:
        task.permission_at = None
    elif task.permission_at is None:
        task.permission_at = permission.created_at
    changes.save(unit, before, task)


def _tell(
    unit: Unit,
    event: str,
    permission: StoredPermission,
    task: StoredTask | None,
    notify: list[str] | None = None,
) -> None:
    entities: dict[str, object] = {"permission": public(permission, Permission)}
    if task is not None:
        entities["task"] = public(task, Task)
    unit.emit(event, notify=notify or [], **entities)


def _deny(scope: Scope, permission_id: str, reason: str) -> None:
    def command(unit: Unit) -> None:
        permission = unit.find(StoredPermission, permission_id)
        if permission is not None and permission.status == "pending":
            _settle(unit, permission, None, "deny", reason, SYSTEM)

    run(scope, type(None), command, reads=[StoredPermission.key(permission_id)], while_archived=True)
