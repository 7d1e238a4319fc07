"""What an archive holds, and how a record of it becomes an entity again. See `FORMAT.md`.

A record is a stored entity without its workspace, so nothing in it names a workspace. Ids stay as they are: they mean
something only inside of a workspace. What belongs to somebody who is connected right now is in no archive: tokens,
leases, inboxes, open permission requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

import msgspec

from chalicelib.attachments.model import FileName, MimeType, StoredAttachment
from chalicelib.kernel.decoding import convert, decode
from chalicelib.kernel.entity import Actor, Entity
from chalicelib.kernel.errors import Json, Problem
from chalicelib.kernel.events import Event
from chalicelib.kernel.head import Counts, Head
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.settings import KIB
from chalicelib.kernel.store import E
from chalicelib.kernel.text import line, long
from chalicelib.permissions.matching import check_pattern
from chalicelib.permissions.model import PermissionRule, StoredPermission
from chalicelib.tasks.model import OPEN, Activity, Message, StoredTask, Title, Waiting

FORMAT, VERSION = "handrail-workspace", 1
MANIFEST, FILES = "manifest.json", "attachments/"
LARGEST_RECORD = 400 * KIB
_EVENT_TYPE = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,40}")


class ArchiveError(Exception):
    """An archive cannot be made or taken; the message says what is wrong with it."""


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The workspace itself."""

    id: str
    name: str
    mission: str
    version: int
    seq: int
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    records: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    format: str
    version: int
    exported_at: datetime
    workspace: Described
    files: dict[str, Contents]
    missing_attachments: list[str]


@dataclass(frozen=True)
class Kind(Generic[E]):
    """`leave` makes of an entity what is exported of it, if anything; `check` raises for what cannot be imported."""

    file: str
    entity: type[E]
    leave: Callable[[E], E | None]
    check: Callable[[E], None]

    def record(self, entity: E) -> dict[str, Json] | None:
        left = self.leave(entity)
        if left is None:
            return None
        plain: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(left))
        del plain["workspace_id"]
        return plain

    def entity_of(self, record: dict[str, Any], workspace_id: str) -> E:
        """Raises `ArchiveError` for a record that was not written by an export."""
        unknown = record.keys() - {field.encode_name for field in msgspec.structs.fields(self.entity)}
        if unknown or "workspace_id" in record:
            named = ", ".join(sorted(unknown)) or "workspace_id"
            raise ArchiveError(f"it has members that no record has: {named[:200]}")
        try:
            whole = msgspec.json.encode(record | {"workspace_id": workspace_id})
            entity = decode(whole, self.entity)
            _check_ids(entity)
            self.check(entity)
        except (msgspec.ValidationError, Problem, ValueError) as error:
            raise ArchiveError(str(error)) from error
        if msgspec.json.encode(self.leave(entity)) != msgspec.json.encode(entity):
            raise ArchiveError("it holds what no archive holds, as a claim or an open request")
        return entity


def _check_ids(entity: Entity) -> None:
    for field in ("id", "task_id", "parent_id", "answered"):
        value = getattr(entity, field, None)
        if value is not None and not is_id(value):
            raise ArchiveError(f"{field} is not an id")
    for field in ("created_by", "sender", "actor", "decided_by"):
        actor = getattr(entity, field, None)
        if isinstance(actor, Actor):
            line(field, actor.name)
            if not is_id(actor.id) and actor.id != "system":
                raise ArchiveError(f"{field} is not somebody")
    if entity.version < 1:
        raise ArchiveError("version begins with 1")


def _left_task(task: StoredTask) -> StoredTask:
    left = msgspec.structs.replace(task, claim_expires_at=None, pending_permissions=0, permission_at=None)
    if left.status in OPEN:
        left.agent = None
    own = left.own_waiting()
    left.waiting = Waiting(own.since, own.kind) if own else None
    return left


def _check_task(task: StoredTask) -> None:
    _same("title", task.title, line("title", convert(task.title, Title)))
    long("body", task.body)
    if not 0 <= task.position <= 1e12 or task.messages < 0 or task.unread < 0:
        raise ArchiveError("position, messages and unread are not below 0")


def _left_attachment(stored: StoredAttachment) -> StoredAttachment | None:
    return msgspec.structs.replace(stored, announced=False) if stored.task_id is not None else None


def _check_attachment(stored: StoredAttachment) -> None:
    _same("filename", stored.filename, line("filename", convert(stored.filename, FileName)))
    convert(stored.mime_type, MimeType)
    if "/" in stored.filename or "\\" in stored.filename or stored.filename in {".", ".."}:
        raise ArchiveError("filename must be a name without folders")
    if stored.size < 0:
        raise ArchiveError("size is not below 0")


def _left_permission(stored: StoredPermission) -> StoredPermission | None:
    if stored.status == "pending":
        return None
    return msgspec.structs.replace(stored, request_id=None, connection="", delivered=True)


def _left_event(event: Event) -> Event:
    data = msgspec.Raw(msgspec.json.encode(_without_workspace(msgspec.json.decode(event.data), event.workspace_id)))
    return msgspec.structs.replace(event, notify=[], newly_waiting=[], imported=True, data=data)


def _check_event(event: Event) -> None:
    data = msgspec.json.decode(event.data)
    if _EVENT_TYPE.fullmatch(event.type) is None:
        raise ArchiveError("type is not the type of an event")
    if not isinstance(data, dict) or (data.get("seq"), data.get("type")) != (event.seq, event.type):
        raise ArchiveError("data tells of another event")
    if _names_a_workspace(data):
        raise ArchiveError("data names a workspace")


def _names_a_workspace(value: Json) -> bool:
    if isinstance(value, list):
        return any(_names_a_workspace(one) for one in value)
    if isinstance(value, dict):
        return value.get("workspace_id", "") != "" or any(_names_a_workspace(one) for one in value.values())
    return False


def _check_rule(rule: PermissionRule) -> None:
    _same("pattern", rule.pattern, check_pattern(line("tool_name", rule.tool_name), rule.pattern))


def _same(field: str, value: str, clean: str) -> None:
    if value != clean:
        raise ArchiveError(f"{field} is not as it would be stored")


def _without_workspace(value: Json, workspace_id: str) -> Json:
    """Places where the workspace is named are left empty; `with_workspace` fills them."""
    return _renamed(value, workspace_id, "")


def with_workspace(event: Event, workspace_id: str) -> Event:
    data = _renamed(msgspec.json.decode(event.data), "", workspace_id)
    return msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(data)))


def _renamed(value: Json, old: str, new: str) -> Json:
    if isinstance(value, list):
        return [_renamed(one, old, new) for one in value]
    if isinstance(value, dict):
        return {
            key: new if key in {"workspace_id", "id"} and one == old else _renamed(one, old, new)
            for key, one in value.items()
        }
    return value


def _as_it_is(entity: E) -> E:
    return entity


TASKS = Kind("tasks.jsonl", StoredTask, _left_task, _check_task)
MESSAGES = Kind("messages.jsonl", Message, _as_it_is, lambda message: _nothing(long("text", message.text)))
ACTIVITIES = Kind("activities.jsonl", Activity, _as_it_is, lambda activity: None)
ATTACHMENTS = Kind("attachments.jsonl", StoredAttachment, _left_attachment, _check_attachment)
PERMISSIONS = Kind("permissions.jsonl", StoredPermission, _left_permission, lambda permission: None)
RULES = Kind("permission_rules.jsonl", PermissionRule, _as_it_is, _check_rule)
EVENTS = Kind("events.jsonl", Event, _left_event, _check_event)
KINDS: tuple[Kind[Any], ...] = (TASKS, MESSAGES, ACTIVITIES, ATTACHMENTS, PERMISSIONS, RULES, EVENTS)


def _nothing(value: object) -> None:
    """For checks that are made by what raises."""


def head_of(described: Described, workspace_id: str, now: datetime) -> Head:
    """The head of a workspace that is not there yet: deleted until everything of it is."""
    return Head(
        workspace_id=workspace_id,
        id=workspace_id,
        version=described.version,
        name=line("name", described.name),
        mission=long("mission", described.mission),
        archived_at=described.archived_at,
        seq=described.seq,
        created_at=described.created_at,
        updated_at=described.updated_at,
        changed_at=now,
        deleted_at=now,
        counts=Counts(),
        unread={},
        acknowledged={},
    )
