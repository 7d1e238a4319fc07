"""How much a workspace may hold, and a person may make. What is counted stands on the head, or in an entry of the
person's, and is read and written with the change that it is about: so a quota holds in every race, and costs nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from chalicelib.kernel import clock, directory
from chalicelib.kernel.errors import QuotaExceeded
from chalicelib.kernel.head import Head, Usage
from chalicelib.kernel.settings import settings
from chalicelib.kernel.store import Key
from chalicelib.kernel.unit import Unit


class Made(msgspec.Struct, frozen=True):
    """How many workspaces there are that a person made."""

    workspaces: int


def made_key(person_id: str) -> Key:
    return f"person#{person_id}", "made"


def check_tasks(head: Head) -> None:
    """Room for one more task, which is open."""
    counts = head.counts
    open_ones = counts.notstarted + counts.ongoing + counts.blocked
    _check("open_tasks", open_ones + 1, settings().most_open_tasks, "open tasks", "Complete or reject some.")
    every = open_ones + counts.completed + counts.rejected
    _check("tasks", every + 1, settings().most_tasks, "tasks", "Delete some that nobody needs.")


def add_token(head: Head) -> None:
    head.usage.tokens += 1
    _check("tokens", head.usage.tokens, settings().most_tokens, "living tokens", "Revoke one that is not used.")


def add_rule(head: Head) -> None:
    head.usage.rules += 1
    _check("permission_rules", head.usage.rules, settings().most_rules, "rules", "Remove one that is not needed.")


def check_bytes(head: Head, more: int) -> None:
    """Room for files of so many bytes."""
    most = settings().most_attachment_bytes
    _check(
        "attachment_bytes", used_bytes(head.usage) + more, most, "bytes of files", "Delete tasks with large files."
    )


def used_bytes(usage: Usage) -> int:
    """What is attached, and what was uploaded to be attached."""
    return usage.attachment_bytes + sum(_living(usage).values())


def add_upload(head: Head, size: int, at: datetime) -> None:
    """Count a file that is not attached yet."""
    check_bytes(head, size)
    uploads = _living(head.usage)
    head.usage.uploads = uploads | {_day(at): uploads.get(_day(at), 0) + size}


def _living(usage: Usage) -> dict[str, int]:
    """An upload that is not attached lapses a day later, so what is older than yesterday does not count."""
    yesterday = _day(clock.now() - timedelta(days=1))
    return {day: size for day, size in usage.uploads.items() if day >= yesterday}


def attach_upload(head: Head, size: int, at: datetime) -> None:
    """The file that was uploaded at `at` is attached now."""
    left = head.usage.uploads.get(_day(at), 0) - size
    head.usage.uploads = {**head.usage.uploads, _day(at): left}
    if left <= 0:
        del head.usage.uploads[_day(at)]
    head.usage.attachment_bytes += size


def count_workspace(unit: Unit, person: str, step: int) -> None:
    """One more or less that `person` made; the unit has read `made_key` of them. Nobody made what was imported."""
    if not person:
        return
    entry = unit.directory.get(made_key(person))
    known = directory.value_of(entry, Made)
    made = Made((known.workspaces if known else 0) + step)
    if step > 0:
        _check("workspaces", made.workspaces, settings().most_workspaces, "workspaces that you made", "Delete one.")
    unit.enter(directory.record(made_key(person), made), directory.unchanged(entry))


def _check(quota: str, number: int, most: int, what: str, advice: str) -> None:
    if number > most:
        raise QuotaExceeded(f"There is room for {most} {what} here. {advice}", quota=quota, limit=most)


def _day(at: datetime) -> str:
    return at.date().isoformat()
