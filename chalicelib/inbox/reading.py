"""A person's inbox: what waits for them over all their workspaces, the oldest first, a page at a time.

A cursor is the place of the last item that was given: since when it waits, and its id. So what is settled between two
pages moves nothing, and what waits anew comes at the end. Archived workspaces are left out: nothing can be done in
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Literal, NamedTuple

import msgspec

from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.pages import Cursor, Page, start_after
from chalicelib.kernel.room import Room
from chalicelib.kernel.scope import Scope
from chalicelib.permissions.model import Permission, StoredPermission
from chalicelib.tasks.model import StoredTask, Task

LEAST_AT_ONCE = 10
_PLACE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00#[0-9A-Za-z]{11}")


class Place(msgspec.Struct):
    id: str
    name: str


class Waiting(msgspec.Struct, kw_only=True):
    """A permission comes with the task it is for, if there is one."""

    kind: Literal["task", "question", "permission"]
    workspace: Place
    since: datetime
    task: Task | None = None
    permission: Permission | None = None


class Found(NamedTuple):
    """`place` is its key in the index, without the kind: times sort as text."""

    place: str
    scope: Scope
    entity: StoredTask | StoredPermission


def page(scopes: Sequence[Scope], limit: int, cursor: Cursor) -> Page[Waiting]:
    """Of each workspace in which something waits no more is read than the page may need, and a little."""
    if cursor is not None and not _PLACE.fullmatch(cursor):
        raise ValidationFailed(("cursor", "is not a cursor of this list; leave it out to begin at the start"))
    waiting = [scope for scope in scopes if scope.head.counts.waiting and scope.head.archived_at is None]
    at_once = max(LEAST_AT_ONCE, limit // max(1, len(waiting)))
    sources = [_of(scope, kind, cursor, at_once) for scope in waiting for kind in (StoredTask, StoredPermission)]
    found = list(islice(merge(*sources, key=attrgetter("place")), limit + 1))
    room, items = Room(), list[Waiting]()
    tasks = _tasks_of(found[:limit])
    for one in found[:limit]:
        view = _view(one, tasks)
        if not room.takes_value(view):
            break
        items.append(view)
    return Page(items, found[len(items) - 1].place if len(items) < len(found) else None)


def _of(
    scope: Scope, kind: type[StoredTask] | type[StoredPermission], after: Cursor, at_once: int
) -> Iterator[Found]:
    cursor = start_after(kind.key(after.rpartition("#")[2]), kind.key(after)) if after is not None else None
    while True:
        part = scope.list(kind, kind.key(""), at_once, cursor, index="by_waiting")
        for entity in part.items:
            yield Found((entity.waiting_key() or "").removeprefix(kind.key("")), scope, entity)
        cursor = part.next_cursor
        if cursor is None:
            return


def _tasks_of(found: Sequence[Found]) -> dict[tuple[str, str], StoredTask]:
    """The tasks that permissions are for, by workspace and id."""
    wanted: dict[str, tuple[Scope, set[str]]] = {}
    for one in found:
        if isinstance(one.entity, StoredPermission) and one.entity.task_id is not None:
            wanted.setdefault(one.scope.workspace_id, (one.scope, set()))[1].add(one.entity.task_id)
    tasks: dict[tuple[str, str], StoredTask] = {}
    for workspace_id, (scope, ids) in wanted.items():
        keys = [StoredTask.key(id) for id in sorted(ids)]
        for start in range(0, len(keys), 100):
            part = scope.find_all(StoredTask, keys[start : start + 100])
            tasks |= {(workspace_id, task.id): task for task in part if task is not None}
    return tasks


def _view(found: Found, tasks: dict[tuple[str, str], StoredTask]) -> Waiting:
    place = Place(found.scope.workspace_id, found.scope.head.name)
    if isinstance(found.entity, StoredTask):
        own = found.entity.own_waiting()
        assert own is not None
        return Waiting(kind=own.kind, workspace=place, since=own.since, task=public(found.entity, Task))
    asked = found.entity
    task = tasks.get((found.scope.workspace_id, asked.task_id or ""))
    return Waiting(
        kind="permission",
        workspace=place,
        since=asked.created_at,
        task=public(task, Task) if task else None,
        permission=public(asked, Permission),
    )
