"""Bringing an archive in as a new workspace.

    check all of it ──► head (deleted) and a due purge ──► items, files ──► one transaction: head, owner, no purge
                                 └── cut off, or failed ──► purged, at once or after a day ──┘
Until the last step nobody can see any of it, as a workspace whose head says "deleted" is closed to everybody; so an
import is there as a whole or not at all. Nothing is told again of what happened before: the events are marked.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from chalicelib.archive.format import (
    ACTIVITIES,
    ATTACHMENTS,
    EVENTS,
    KINDS,
    MESSAGES,
    PERMISSIONS,
    RULES,
    TASKS,
    ArchiveError,
    Manifest,
    head_of,
    with_workspace,
)
from chalicelib.archive.reading import Archive
from chalicelib.attachments.model import Attachment
from chalicelib.inbox.model import InboxEntry
from chalicelib.kernel import clock, directory, store
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.directory import Due
from chalicelib.kernel.entity import Actor, Entity, public
from chalicelib.kernel.errors import Problem
from chalicelib.kernel.head import Counts, Head, Usage, Workspace
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.scope import Scope, for_new, for_system
from chalicelib.kernel.settings import DAY, HOUR
from chalicelib.kernel.unit import Unit, run
from chalicelib.members import invitations
from chalicelib.members.rules import enter
from chalicelib.people.model import Person
from chalicelib.tasks import changes
from chalicelib.tasks.model import StoredTask
from chalicelib.tasks.subtasks import SubTask
from chalicelib.workspaces.rules import purge

BATCH = 100
# A purge that is due ends an import that takes longer.
LONGEST = DAY - HOUR


class Imported:
    """The new workspace, and the link by which its owner enters it, if they are not in it yet."""

    def __init__(self, workspace: Workspace, manifest: Manifest, link: str | None) -> None:
        self.workspace, self.manifest, self.link = workspace, manifest, link


def bring_in(path: Path, owner: Person | str) -> Imported:
    """Import the archive at `path` for a person who is known here, or for an e-mail address, which is invited."""
    archive = Archive(path)
    try:
        with tempfile.TemporaryDirectory(prefix="handrail-") as folder:
            contents = _Contents(archive, Path(folder))
            try:
                return _bring_in(archive, contents, owner)
            finally:
                contents.close()
    finally:
        archive.close()


def _bring_in(archive: Archive, contents: _Contents, owner: Person | str) -> Imported:
    workspace_id, began = new_id(), clock.now()
    contents.check()
    try:
        head = head_of(archive.manifest.workspace, workspace_id, began)
    except Problem as problem:
        raise ArchiveError(f"the workspace: {problem}") from problem
    due = Due("purge", began + timedelta(seconds=DAY), workspace_id, workspace_id)
    directory.write(directory.due_key(due), due)
    try:
        scope = for_new(head, Actor("system", "system", "Handrail"), "")
        with scope.within():
            _write(scope, [head])
            _write_contents(scope, archive, contents)
        if clock.now() - began > timedelta(seconds=LONGEST):
            raise ArchiveError("the import took too long; nothing of it was kept")
        return _open(due, archive.manifest, contents, owner)
    except BaseException:
        while purge(due):
            pass
        purge(due)
        raise


def _write_contents(scope: Scope, archive: Archive, contents: _Contents) -> None:
    for kind in KINDS:
        entities = archive.entities(kind, scope.workspace_id)
        if kind is EVENTS:
            entities = (with_workspace(event, scope.workspace_id) for event in entities)
        while part := list(islice(entities, BATCH)):
            _write(scope, part)
            if kind is TASKS:
                _write(scope, _following(part))
            if kind is ATTACHMENTS:
                for stored in part:
                    if stored.id in contents.files:
                        content = archive.file(stored.id, stored.size, contents.sum_of(stored.id))
                        blobs().put(scope.workspace_id, stored.id, content)


def _following(tasks: Iterable[StoredTask]) -> Iterator[Entity]:
    """What follows from tasks and so is in no archive: where they stand beneath others, and that they are offered."""
    for task in tasks:
        if task.parent_id is not None:
            yield SubTask(
                workspace_id=task.workspace_id,
                id=task.id,
                version=1,
                parent_id=task.parent_id,
                position=task.position,
            )
        if is_offered(task):
            yield InboxEntry(
                workspace_id=task.workspace_id,
                id=task.id,
                version=1,
                to="*",
                kind="task",
                content=changes.as_offer(task),
                user=task.created_by.name,
                at=task.created_at,
                seq=int(task.position),
                task_id=task.id,
                acknowledged_by=[],
            )


def is_offered(task: StoredTask) -> bool:
    return task.assignee == "agent" and task.status == "notstarted"


def _write(scope: Scope, entities: Iterable[Entity]) -> None:
    checked = list(entities)
    for entity in checked:
        scope.check(entity)
    store.batch_write(store.item_of(entity) for entity in checked)


def _open(due: Due, manifest: Manifest, contents: _Contents, owner: Person | str) -> Imported:
    """The one transaction that lets the workspace appear, with somebody in it."""
    scope = for_system(due.workspace_id, deleted=True)
    if scope is None:
        raise ArchiveError("what was imported is gone: did two imports run at once?")
    invited = invitations.of_owner(scope, owner) if isinstance(owner, str) else None

    def command(unit: Unit) -> Workspace:
        head: Head = unit.head
        head.deleted_at, head.counts, head.usage = None, contents.counts, contents.usage
        head.unread = {"*": contents.offers} if contents.offers else {}
        unit.leave(directory.due_key(due))
        if isinstance(owner, Person):
            enter(unit, Actor("person", owner.id, owner.name), owner.email, "owner", None)
        elif invited is not None:
            invitations.open_in(unit, invited.stored)
        unit.emit("workspace.imported", workspace=public(head, Workspace))
        return public(head, Workspace)

    workspace = run(scope, Workspace, command, while_archived=True)
    return Imported(workspace, manifest, invited.link if invited else None)


class _Contents:
    """What an archive says, held against itself, before anything of it is written."""

    def __init__(self, archive: Archive, folder: Path) -> None:
        self._archive, self.files = archive, archive.files()
        self.counts, self.usage, self.offers = Counts(), Usage(), 0
        self._ids = sqlite3.connect(folder / "ids.db", isolation_level=None)
        self._ids.execute("PRAGMA synchronous = OFF")
        self._ids.execute("CREATE TABLE ids (kind TEXT, id TEXT, of TEXT, size INTEGER, PRIMARY KEY (kind, id))")
        self._ids.execute("CREATE INDEX ids_of ON ids (kind, of)")
        self._ids.execute("CREATE TABLE sums (id TEXT PRIMARY KEY, sha256 TEXT)")

    def close(self) -> None:
        self._ids.close()

    def sum_of(self, id: str) -> str | None:
        found = self._ids.execute("SELECT sha256 FROM sums WHERE id = ?", (id,)).fetchone()
        return found[0] if found else None

    def check(self) -> None:
        nowhere = new_id()
        for task in self._archive.entities(TASKS, nowhere):
            self._know(TASKS.file, task)
            setattr(self.counts, task.status, getattr(self.counts, task.status) + 1)
            self.counts.waiting += task.own_waiting() is not None
            self.offers += is_offered(task)
        for stored in self._archive.entities(ATTACHMENTS, nowhere):
            self._know(ATTACHMENTS.file, stored, stored.task_id, stored.size)
            self._must_know(TASKS.file, stored.task_id)
        self._check_files()
        for task in self._archive.entities(TASKS, nowhere):
            self._check_attached(task.id, task.attachments)
            if task.attachment_bytes != self._bytes_of(task.id):
                raise ArchiveError(f"the task {task.id} has other files than it says")
            self.usage.attachment_bytes += task.attachment_bytes
        for message in self._archive.entities(MESSAGES, nowhere):
            self._know(MESSAGES.file, message)
            self._must_know(TASKS.file, message.task_id)
            self._check_attached(message.task_id, message.attachments)
        for activity in self._archive.entities(ACTIVITIES, nowhere):
            self._know(ACTIVITIES.file, activity)
            self._must_know(TASKS.file, activity.task_id)
        for permission in self._archive.entities(PERMISSIONS, nowhere):
            self._know(PERMISSIONS.file, permission)
        for rule in self._archive.entities(RULES, nowhere):
            self._know(RULES.file, rule)
            self.usage.rules += 1
        self._check_events(nowhere)

    def _check_events(self, nowhere: str) -> None:
        """Without a gap, up to the number that the workspace stands at."""
        last: int | None = None
        for event in self._archive.entities(EVENTS, nowhere):
            if last is not None and event.seq != last + 1:
                raise ArchiveError(f"{EVENTS.file} has a gap behind event {last}")
            last = event.seq
        seq = self._archive.manifest.workspace.seq
        if not 1 <= seq <= 10**10 or last not in (None, seq):
            raise ArchiveError(f"{EVENTS.file} does not end with event {seq}")

    def _check_files(self) -> None:
        missing = set(self._archive.manifest.missing_attachments)
        for id, sha256 in self._archive.sums():
            self._ids.execute("INSERT INTO sums VALUES (?, ?)", (id, sha256))
            if (id in self.files) == (id in missing):
                raise ArchiveError(f"attachment {id} must be in the archive, or be named as missing")
            if id in self.files:
                size = self._ids.execute("SELECT size FROM ids WHERE kind = ? AND id = ?", (ATTACHMENTS.file, id))
                self._archive.file(id, size.fetchone()[0], sha256)
        for id in self.files:
            self._must_know(ATTACHMENTS.file, id)

    def _check_attached(self, task_id: str, attachments: Iterable[Attachment]) -> None:
        for attachment in attachments:
            if self._of(ATTACHMENTS.file, attachment.id) != task_id:
                raise ArchiveError(f"attachment {attachment.id} is not attached to the task {task_id}")

    def _know(self, kind: str, entity: Entity, of: str | None = None, size: int = 0) -> None:
        try:
            self._ids.execute("INSERT INTO ids VALUES (?, ?, ?, ?)", (kind, entity.id, of, size))
        except sqlite3.IntegrityError as error:
            raise ArchiveError(f"{kind} has two records with the id {entity.id}") from error

    def _must_know(self, kind: str, id: str | None) -> None:
        if self._ids.execute("SELECT 1 FROM ids WHERE kind = ? AND id = ?", (kind, id)).fetchone() is None:
            raise ArchiveError(f"{id} is not among {kind}")

    def _bytes_of(self, task_id: str) -> int:
        of_task = "SELECT coalesce(sum(size), 0) FROM ids WHERE kind = ? AND of = ?"
        total: int = self._ids.execute(of_task, (ATTACHMENTS.file, task_id)).fetchone()[0]
        return total

    def _of(self, kind: str, id: str) -> str | None:
        found = self._ids.execute("SELECT of FROM ids WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return found[0] if found else None
