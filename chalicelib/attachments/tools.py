"""MCP: downloading a file."""

from __future__ import annotations

import base64

import msgspec

from chalicelib.attachments import rules
from chalicelib.attachments.model import Id
from chalicelib.kernel.mcp.registry import Arguments, Registry
from chalicelib.kernel.scope import Scope

registry = Registry()


class DownloadAttachment(Arguments, kw_only=True):
    attachment_id: Id
    task_id: Id


class Download(msgspec.Struct):
    filename: str
    mime_type: str
    size: int
    data: str


@registry.tool("downloadAttachment", "Download an attachment", Download, read_only=True)
def download_attachment(scope: Scope, arguments: DownloadAttachment) -> Download:
    """Get a file that is attached to a task or to a message in its thread. data is base64."""
    stored, content = rules.content(scope, arguments.attachment_id, arguments.task_id)
    return Download(stored.filename, stored.mime_type, stored.size, base64.b64encode(content).decode())
