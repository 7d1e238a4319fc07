"""Keeping and attaching files.

due entry ──► bytes ──► item that names them

What is cut off in between is found by the entry, a day later: bytes that no attached file needs are removed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec

from chalicelib.attachments.model import UNUSED_LIFETIME, Attachment, Given, StoredAttachment, Upload
from chalicelib.kernel import clock, directory
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.directory import Due
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import NotFound, TooLarge, ValidationFailed
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.scope import Scope, for_system
from chalicelib.kernel.settings import HOUR, settings
from chalicelib.kernel.text import line
from chalicelib.kernel.unit import Unit, run
from chalicelib.tasks.model import StoredTask


class Prepared(msgspec.Struct, frozen=True):
    """Attachments that are ready to be attached: new ones, and ids of earlier uploads."""

    new: list[StoredAttachment]
    earlier: list[str]

    def reads(self) -> list[str]:
        return [StoredAttachment.key(id) for id in self.earlier]


def upload(scope: Scope, given: Upload) -> Attachment:
    """Keep a file for a task or a message that is still being written."""
    stored = _keep(scope, given.filename, given.mime_type, given.data)

    def command(unit: Unit) -> Attachment:
        unit.put(stored)
        attachment = public(stored, Attachment)
        unit.emit("attachment.uploaded", attachment=attachment)
        return attachment

    return run(scope, Attachment, command)


def prepare(scope: Scope, given: Sequence[Given]) -> Prepared:
    """Check `given` and keep the bytes that came with it."""
    new: list[StoredAttachment] = []
    earlier: list[str] = []
    for number, one in enumerate(given):
        path = f"attachments[{number}]"
        if (one.id is None) == (one.data is None):
            raise ValidationFailed((path, "needs either the id of an upload, or filename and data"))
        if one.id in earlier:
            raise ValidationFailed((f"{path}.id", "is attached twice"))
        if one.id is not None:
            earlier.append(one.id)
        else:
            if one.filename is None:
                raise ValidationFailed((f"{path}.filename", "is required with data"))
            new.append(_keep(scope, one.filename, one.mime_type, one.data or "", f"{path}."))
    return Prepared(new, earlier)


def attach(unit: Unit, prepared: Prepared, task_id: str) -> list[Attachment]:
    """Attach to a task, in its unit of work. Someone else's id, or one that is attached already, is not found."""
    stored = [msgspec.structs.replace(one) for one in prepared.new]
    for id in prepared.earlier:
        found = unit.get(StoredAttachment, id)
        if found.task_id is not None or found.created_by.id != unit.scope.actor.id:
            raise NotFound()
        stored.append(found)
    for one in stored:
        one.task_id = task_id
        unit.put(one)
    return [public(one, Attachment) for one in stored]


def content(scope: Scope, id: str, task_id: str | None = None) -> tuple[StoredAttachment, bytes]:
    """An attachment and its bytes; `task_id`, if given, must be the task that it is attached to.

    What belongs to a task that was deleted is gone with it, though its removal may still be under way.
    """
    stored = scope.get(StoredAttachment, id)
    if task_id is not None and stored.task_id != task_id:
        raise NotFound()
    if stored.task_id is not None:
        scope.get(StoredTask, stored.task_id)
    data = blobs().get(scope.workspace_id, id)
    if data is None:
        raise NotFound()
    return stored, data


def forget(due: Due) -> bool:
    """Remove the bytes of an upload that nothing was made of; whether there were any. Safe to repeat.

    By now it can be attached no more: its time was over an hour ago.
    """
    scope = for_system(due.workspace_id)
    kept = scope is not None and scope.find(StoredAttachment, due.id) is not None
    lost = not kept and blobs().size(due.workspace_id, due.id) is not None
    if lost:
        blobs().delete(due.workspace_id, due.id)
    directory.remove(directory.due_key(due))
    return lost


def _forgotten_if_unused(workspace_id: str, id: str) -> Due:
    return Due("upload", clock.after(UNUSED_LIFETIME + HOUR), workspace_id, id)


def _keep(scope: Scope, filename: str, mime_type: str, data: str, path: str = "") -> StoredAttachment:
    filename = line(f"{path}filename", filename)
    if "/" in filename or "\\" in filename or filename in {".", ".."}:
        raise ValidationFailed((f"{path}filename", "must be a name without folders"))
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationFailed((f"{path}data", "must be base64")) from error
    if len(content) > settings().largest_attachment:
        raise TooLarge(f"{filename} is larger than the {settings().largest_attachment >> 20} MiB a file may have.")
    stored = StoredAttachment(
        workspace_id=scope.workspace_id,
        id=new_id(),
        filename=filename,
        mime_type=mime_type,
        size=len(content),
        created_by=scope.actor,
        created_at=clock.now(),
    )
    due = _forgotten_if_unused(scope.workspace_id, stored.id)
    directory.write(directory.due_key(due), due)
    blobs().put(scope.workspace_id, stored.id, content)
    return stored
