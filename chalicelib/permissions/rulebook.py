"""The rules that people make so that agents need not ask: tried out, written, removed.

What `preview` shows is what `add` would write: both read a pattern in the same way, and refuse it in the same words.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.kernel import clock, quotas
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.pages import Cursor
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit, run
from chalicelib.permissions.matching import PatternError, check_pattern, matches
from chalicelib.permissions.model import (
    LARGEST_INPUT,
    Pattern,
    Permission,
    PermissionRule,
    StoredPermission,
    ToolName,
)

AT_ONCE = 500
MOST_CHECKED = 200


class NewRule(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    tool_name: ToolName
    pattern: Pattern


class Trial(NewRule, forbid_unknown_fields=True, kw_only=True):
    """A rule that is not written yet, and an input to try it on."""

    input: Annotated[str, msgspec.Meta(max_length=LARGEST_INPUT)] | None = None


class Preview(msgspec.Struct, kw_only=True):
    """What a rule would do by itself: to the `input` that was given (`allowed`), and to the latest requests.

    `pattern` is as it would be stored; `matched` are those of the `checked` requests that it would have allowed.
    """

    pattern: str
    allowed: bool | None
    matched: list[Permission]
    checked: int


def preview(scope: Scope, trial: Trial) -> Preview:
    """Writes nothing."""
    scope.requires_person()
    rule = NewRule(tool_name=trial.tool_name, pattern=_readable(trial))
    latest = _latest(scope)
    return Preview(
        pattern=rule.pattern,
        allowed=None if trial.input is None else _allows(rule, trial.tool_name, trial.input),
        matched=[public(one, Permission) for one in latest if _allows(rule, one.tool_name, one.input)],
        checked=len(latest),
    )


def add(scope: Scope, new: NewRule) -> PermissionRule:
    scope.requires_person()
    pattern = _readable(new)

    def command(unit: Unit) -> PermissionRule:
        return write(unit, new.tool_name, pattern)

    return run(scope, PermissionRule, command)


def remove(scope: Scope, rule_id: str) -> None:
    scope.requires_person()

    def command(unit: Unit) -> None:
        rule = unit.get(PermissionRule, rule_id)
        unit.remove(rule)
        unit.head.usage.rules -= 1
        unit.emit("permission_rule.deleted", permission_rule={"id": rule.id})

    run(scope, type(None), command, reads=[PermissionRule.key(rule_id)])


def write(unit: Unit, tool_name: str, pattern: str) -> PermissionRule:
    """Write a rule whose pattern is in the form in which it is stored."""
    quotas.add_rule(unit.head)
    rule = PermissionRule(
        workspace_id=unit.scope.workspace_id,
        id=new_id(),
        tool_name=tool_name,
        pattern=pattern,
        created_by=unit.scope.actor,
        created_at=clock.now(),
    )
    unit.put(rule)
    unit.emit("permission_rule.created", permission_rule=rule)
    return rule


def granting(scope: Scope, tool_name: str, input: str) -> tuple[PermissionRule, ...]:
    """The rules that together allow all of it; none where they do not."""
    return matches(_all(scope), tool_name, input) or ()


def _all(scope: Scope) -> list[PermissionRule]:
    rules: list[PermissionRule] = []
    cursor: Cursor = None
    while True:
        page = scope.list(PermissionRule, PermissionRule.key(""), AT_ONCE, cursor)
        rules += page.items
        cursor = page.next_cursor
        if cursor is None:
            return rules


def _latest(scope: Scope) -> list[StoredPermission]:
    """The latest requests, the newest first, that fit into one answer."""
    return scope.list(StoredPermission, StoredPermission.key(""), MOST_CHECKED, newest_first=True).items


def _allows(rule: NewRule, tool_name: str, input: str) -> bool:
    return matches([rule], tool_name, input) is not None


def _readable(new: NewRule) -> str:
    try:
        return check_pattern(new.tool_name, new.pattern)
    except PatternError as error:
        raise ValidationFailed(("pattern", str(error))) from error
