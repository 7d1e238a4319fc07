"""Keeping and attaching files. The bytes are durable before the item that names them is written."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec

from chalicelib.attachments.model import Attachment, Given, StoredAttachment, Upload
from chalicelib.kernel import clock
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import NotFound, TooLarge, ValidationFailed
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings
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
    blobs().put(scope.workspace_id, stored.id, content)
    return stored
