"""HTTP: upload a file, and download it. A download is never shown inline on the app's own origin."""

from __future__ import annotations

from urllib.parse import quote

from chalicelib.attachments import rules
from chalicelib.attachments.model import Attachment, Upload
from chalicelib.kernel.http import Call, Nothing, Reply, Routes

routes = Routes()
BASE = "/api/workspaces/{ws}/attachments"


@routes.route("POST", BASE, body=Upload, answer=Attachment, status=201)
def upload(call: Call[Upload, Nothing]) -> Attachment:
    """Upload a file, to attach it to a task or a message afterwards."""
    return rules.upload(call.scope, call.body)


@routes.route("GET", BASE + "/{attachment_id}", media_type="application/octet-stream")
def download(call: Call[Nothing, Nothing]) -> Reply:
    """Download a file."""
    stored, content = rules.content(call.scope, call.path["attachment_id"])
    return Reply(
        200,
        content,
        {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(stored.filename, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
