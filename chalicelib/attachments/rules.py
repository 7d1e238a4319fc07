"""Keeping and attaching files.

                       due entry ──► bytes ──► item        a file that comes with the request
    due entry and item ──► its address ──► bytes           a file that is announced, and sent to the address

What is cut off in between is found by the entry, a day later: bytes that no attached file needs are removed. An
announced file is attached only when exactly the bytes that were announced are there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec

from chalicelib.attachments.model import UNUSED_LIFETIME, Attachment, Given, StoredAttachment, Upload, Uploaded
from chalicelib.kernel import clock, directory, quotas
from chalicelib.kernel.blobs import BYTES, Address, blobs
from chalicelib.kernel.directory import Due
from chalicelib.kernel.entity import public
from chalicelib.kernel.errors import Archived, NotFound, TooLarge, ValidationFailed
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


def upload(scope: Scope, given: Upload) -> Uploaded:
    """Keep a file for a task or a message that is still being written, or say where to send it."""
    if (given.size is None) == (given.data is None):
        raise ValidationFailed(("size", "send either the size of the file, or its data"))
    if given.data is not None:
        stored, due = _keep(scope, given.filename, given.mime_type, given.data), None
    else:
        stored = _described(scope, given.filename, given.mime_type, given.size or 0)
        stored.announced, due = True, _forgotten_if_unused(stored)

    def command(unit: Unit) -> Attachment:
        quotas.add_upload(unit.head, stored.size, stored.created_at)
        unit.put(stored)
        if due is not None:
            unit.enter(directory.record(directory.due_key(due), due))
        attachment = public(stored, Attachment)
        unit.emit("attachment.uploaded", attachment=attachment)
        return attachment

    made = run(scope, Attachment, command)
    address = _upload_address(scope, made) if stored.announced else None
    return Uploaded(id=made.id, filename=made.filename, mime_type=made.mime_type, size=made.size, upload=address)


def receive(scope: Scope, id: str, content: bytes) -> None:
    """Take the bytes of a file that the caller announced. Safe to repeat."""
    stored = scope.get(StoredAttachment, id)
    if not stored.announced or stored.task_id is not None or stored.created_by.id != scope.actor.id:
        raise NotFound()
    if scope.head.archived_at is not None:
        raise Archived()
    if len(content) != stored.size:
        raise ValidationFailed(("", f"has {len(content)} bytes; {stored.size} were announced"))
    if not _arrived(stored):
        blobs().put(scope.workspace_id, id, content)


def _upload_address(scope: Scope, made: Attachment) -> Address:
    return blobs().upload_address(scope.workspace_id, made.id, made.size) or Address(
        url=f"/api/workspaces/{scope.workspace_id}/attachments/{made.id}/content",
        method="PUT",
        headers={"Content-Type": BYTES},
        expires_at=clock.after(UNUSED_LIFETIME),
    )


def _arrived(stored: StoredAttachment) -> bool:
    return blobs().size(stored.workspace_id, stored.id) == stored.size


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
        if found.announced and not _arrived(found):
            message = f"{found.filename} has not arrived: send its {found.size} bytes to the address of its upload"
            raise ValidationFailed(("attachments", message))
        found.announced = False
        quotas.attach_upload(unit.head, found.size, found.created_at)
        stored.append(found)
    for one in prepared.new:
        quotas.check_bytes(unit.head, one.size)
        unit.head.usage.attachment_bytes += one.size
    for one in stored:
        one.task_id = task_id
        unit.put(one)
    return [public(one, Attachment) for one in stored]


def total(attached: Sequence[Attachment]) -> int:
    return sum(one.size for one in attached)


def find(scope: Scope, id: str, task_id: str | None = None) -> StoredAttachment:
    """An attachment whose bytes are there; `task_id`, if given, must be the task that it is attached to.

    What belongs to a task that was deleted is gone with it, though its removal may still be under way.
    """
    stored = scope.get(StoredAttachment, id)
    if task_id is not None and stored.task_id != task_id:
        raise NotFound()
    if stored.task_id is not None:
        scope.get(StoredTask, stored.task_id)
    if stored.announced and not _arrived(stored):
        raise NotFound()
    return stored


def content(stored: StoredAttachment) -> bytes:
    data = blobs().get(stored.workspace_id, stored.id)
    if data is None:
        raise NotFound()
    return data


def address(stored: StoredAttachment) -> Address | None:
    """Where its bytes are, if not here."""
    return blobs().download_address(stored.workspace_id, stored.id, stored.filename)


def forget(due: Due) -> bool:
    """Remove the bytes of an upload that nothing was made of; whether it was unused. Safe to repeat.

    By now it can be attached no more: its time was over an hour ago.
    """
    scope = for_system(due.workspace_id)
    used = scope is not None and scope.find(StoredAttachment, due.id) is not None
    if not used:
        blobs().delete(due.workspace_id, due.id)
    directory.remove(directory.due_key(due))
    return not used


def _forgotten_if_unused(stored: StoredAttachment) -> Due:
    return Due("upload", clock.after(UNUSED_LIFETIME + HOUR), stored.workspace_id, stored.id)


def _keep(scope: Scope, filename: str, mime_type: str, data: str, path: str = "") -> StoredAttachment:
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationFailed((f"{path}data", "must be base64")) from error
    stored = _described(scope, filename, mime_type, len(content), path)
    quotas.check_bytes(scope.head, stored.size)
    due = _forgotten_if_unused(stored)
    directory.write(directory.due_key(due), due)
    blobs().put(scope.workspace_id, stored.id, content)
    return stored


def _described(scope: Scope, filename: str, mime_type: str, size: int, path: str = "") -> StoredAttachment:
    filename = line(f"{path}filename", filename)
    if "/" in filename or "\\" in filename or filename in {".", ".."}:
        raise ValidationFailed((f"{path}filename", "must be a name without folders"))
    if size > settings().largest_attachment:
        raise TooLarge(f"{filename} is larger than the {settings().largest_attachment >> 20} MiB a file may have.")
    return StoredAttachment(
        workspace_id=scope.workspace_id,
        id=new_id(),
        filename=filename,
        mime_type=mime_type,
        size=size,
        created_by=scope.actor,
        created_at=clock.now(),
    )
