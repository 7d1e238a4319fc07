"""Reading tasks and threads: filtered, searched, a page at a time.

Without a filter the newest come first. With a status or an assignee they come from the `by_state` index, state after
state, in board order, or from its end: of closed tasks, those that were closed last. A text search looks at a bounded
number of tasks per call, so its pages may be short: `next_cursor` is what says whether there is more. The sub-tasks
of one task come in the order of their positions, and are looked through in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import msgspec

from chalicelib.kernel.decoding import convert
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.pages import DEFAULT_LIMIT, LARGEST_LIMIT, Cursor, Page, start_after
from chalicelib.kernel.room import Room
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.store import BATCH
from chalicelib.tasks.model import STATUSES, Assignee, Message, Status, StoredTask, Task
from chalicelib.tasks.subtasks import SubTask

MOST_SEARCHED = 1_000
Criteria = Callable[[StoredTask], bool]


class Segments(msgspec.Struct, frozen=True):
    """A list that is several ranges of one index, one after the other. A cursor is `<range>.<cursor in it>`."""

    prefixes: list[str]
    index: Literal["by_state"] | None
    last_first: bool


def segments(statuses: str | None, assignee: Assignee | None, *, last_first: bool = False) -> Segments:
    if statuses is None and assignee is None:
        return Segments([StoredTask.key("")], None, last_first=True)
    chosen: tuple[Status, ...] = _statuses(statuses) if statuses is not None else STATUSES
    assignees = [assignee] if assignee else list(get_args(Assignee))
    states = [StoredTask.key(who, status, "") for status in chosen for who in assignees]
    return Segments(states, "by_state", last_first)


def tasks(
    scope: Scope, wanted: Segments, text: str | None, limit: int = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Task]:
    number, inner = _split(cursor, len(wanted.prefixes))
    found: list[Task] = []
    searched, room = 0, Room()
    while len(found) < limit and searched < MOST_SEARCHED:
        # Most of what a search looks at is not what it wants: it looks at much at a time, whatever is asked for.
        want = limit - len(found) if text is None else LARGEST_LIMIT
        page = scope.list(
            StoredTask,
            wanted.prefixes[number],
            want,
            inner,
            index=wanted.index,
            newest_first=wanted.last_first,
        )
        searched += len(page.items)
        for stored in page.items:
            if text is not None and not _has(stored, text):
                continue
            task = public(stored, Task)
            if len(found) == limit or not room.takes_value(task):
                return Page(found, f"{number}.{inner or ''}")
            found.append(task)
            inner = _after(stored, wanted)
        inner = page.next_cursor
        if inner is None:
            number += 1
            if number == len(wanted.prefixes):
                return Page(found, None)
    return Page(found, f"{number}.{inner or ''}")


def criteria(statuses: str | None, assignee: Assignee | None, text: str | None) -> Criteria:
    """Whether a task is one of those that are wanted."""
    chosen = STATUSES if statuses is None else _statuses(statuses)

    def fits(task: StoredTask) -> bool:
        return task.status in chosen and assignee in (None, task.assignee) and (text is None or _has(task, text))

    return fits


def subtasks(
    scope: Scope,
    parent_id: str,
    fits: Criteria,
    limit: int = DEFAULT_LIMIT,
    cursor: Cursor = None,
    *,
    last_first: bool,
) -> Page[Task]:
    """The sub-tasks of a task in the order of their positions; none of a task that is not there."""
    found: list[Task] = []
    searched, room = 0, Room()
    while True:
        links = scope.list(
            SubTask,
            SubTask.key(parent_id, ""),
            min(BATCH - 1, MOST_SEARCHED - searched),
            cursor,
            index="by_state",
            newest_first=last_first,
        )
        wanted = [StoredTask.key(id) for id in (parent_id, *(link.id for link in links.items))]
        parent, *tasks = scope.find_all(StoredTask, wanted)
        if parent is None:
            return Page([], None)
        for link, task in zip(links.items, tasks, strict=True):
            if task is not None and fits(task):
                if len(found) == limit or not room.takes_value(view := public(task, Task)):
                    return Page(found, cursor)
                found.append(view)
            cursor = start_after(link.sort_key(), link.state_key())
        searched += len(tasks)
        if links.next_cursor is None or len(found) == limit or searched >= MOST_SEARCHED:
            return Page(found, links.next_cursor)


def messages(
    scope: Scope,
    task_id: str,
    limit: int = DEFAULT_LIMIT,
    cursor: Cursor = None,
    after: str | None = None,
    room: Room | None = None,
) -> Page[Message]:
    """The thread, oldest first; `after` leaves out everything up to that message."""
    if cursor is None and after is not None:
        if not is_id(after):
            raise ValidationFailed(("after", "is not the id of a message"))
        cursor = start_after(Message.key(task_id, after))
    return scope.list(Message, Message.key(task_id, ""), limit, cursor, room=room)


def _has(task: StoredTask, text: str) -> bool:
    wanted = text.casefold()
    return wanted in task.title.casefold() or wanted in task.body.casefold()


def _after(task: StoredTask, wanted: Segments) -> Cursor:
    return start_after(task.sort_key(), task.state_key() if wanted.index else "")


def _statuses(csv: str) -> tuple[Status, ...]:
    try:
        return tuple(dict.fromkeys(convert(part, Status) for part in csv.split(",")))
    except msgspec.ValidationError as error:
        raise ValidationFailed(("status", f"takes one or more of {', '.join(STATUSES)}, with commas")) from error


def _split(cursor: Cursor, segments: int) -> tuple[int, Cursor]:
    if cursor is None:
        return 0, None
    number, dot, inner = cursor.partition(".")
    if not dot or not number.isascii() or not number.isdigit() or len(number) > 2 or int(number) >= segments:
        raise ValidationFailed(("cursor", "is not a cursor of this list; leave it out to begin at the start"))
    return int(number), inner or None
