"""MCP: downloading a file."""

from __future__ import annotations

import base64
from datetime import datetime

import msgspec

from chalicelib.attachments import rules
from chalicelib.attachments.model import Id
from chalicelib.kernel.mcp.registry import Arguments, Registry
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import MIB

registry = Registry()

# A Lambda's answer has 6 MB at most, and a tool's result is in it twice: as structured content, and as text.
LARGEST_ANSWERED = 2 * MIB


class DownloadAttachment(Arguments, kw_only=True):
    attachment_id: Id
    task_id: Id


class Download(msgspec.Struct):
    filename: str
    mime_type: str
    size: int
    data: str | None = None
    url: str | None = None
    expires_at: datetime | None = None


@registry.tool("downloadAttachment", "Download an attachment", Download, read_only=True)
def download_attachment(scope: Scope, arguments: DownloadAttachment) -> Download:
    """Get a file that is attached to a task or to a message in its thread.

    data is base64. Where data is null the file is too large for an answer: get it from url, without an Authorization
    header, before expires_at.
    """
    stored = rules.find(scope, arguments.attachment_id, arguments.task_id)
    address = rules.address(stored) if stored.size > LARGEST_ANSWERED else None
    if address is not None:
        return Download(
            stored.filename, stored.mime_type, stored.size, url=address.url, expires_at=address.expires_at
        )
    data = base64.b64encode(rules.content(stored)).decode()
    return Download(stored.filename, stored.mime_type, stored.size, data)
