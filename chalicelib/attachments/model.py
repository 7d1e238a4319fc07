"""An attachment: a name, a type, a size, and bytes that are kept elsewhere.

`mime_type` is what the sender claims. It is never trusted: files are only ever served as downloads.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import msgspec

from chalicelib.kernel.blobs import Address
from chalicelib.kernel.entity import Actor, Entity
from chalicelib.kernel.ids import PATTERN
from chalicelib.kernel.settings import DAY

MOST_AT_ONCE = 10
# What is uploaded and not attached within this time is forgotten.
UNUSED_LIFETIME = DAY

FileName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
MimeType = Annotated[str, msgspec.Meta(max_length=127, pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$")]
Id = Annotated[str, msgspec.Meta(pattern=PATTERN)]


class Attachment(msgspec.Struct, kw_only=True):
    """What a task or a message shows of it."""

    id: str
    filename: str
    mime_type: str
    size: int


class StoredAttachment(Entity, kw_only=True):
    """`task_id` is None until it is attached; what never is, is forgotten after a day.

    `announced`: the bytes come later than this, from the client; whether they came is seen when it is attached.
    """

    PREFIX: ClassVar[str] = "attachment"

    filename: str
    mime_type: str
    size: int
    task_id: str | None = None
    announced: bool = False
    created_by: Actor
    created_at: datetime

    def expires(self) -> datetime | None:
        return self.created_at + timedelta(seconds=UNUSED_LIFETIME) if self.task_id is None else None


class Upload(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A file of `size` bytes that is to be sent, or one that comes with the request: `data` is base64."""

    filename: FileName
    mime_type: MimeType = "application/octet-stream"
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    data: str | None = None


class Uploaded(Attachment, kw_only=True, omit_defaults=True):
    """`upload` is where the bytes of a file are to be sent that was announced by its size."""

    upload: Address | None = None


class Given(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Either the `id` of an earlier upload, or the file itself."""

    id: Id | None = None
    filename: FileName | None = None
    mime_type: MimeType = "application/octet-stream"
    data: str | None = None


GivenList = Annotated[list[Given], msgspec.Meta(max_length=MOST_AT_ONCE)]
