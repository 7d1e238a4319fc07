"""HTTP: upload a file, and download it. A download is never shown inline on the app's own origin."""

from __future__ import annotations

from urllib.parse import quote

from chalicelib.attachments import rules
from chalicelib.attachments.model import Upload, Uploaded
from chalicelib.kernel.blobs import BYTES
from chalicelib.kernel.http import Call, File, Nothing, Reply, Routes

routes = Routes()
BASE = "/api/workspaces/{ws}/attachments"


@routes.route("POST", BASE, body=Upload, answer=Uploaded, status=201)
def upload(call: Call[Upload, Nothing]) -> Uploaded:
    """Announce a file and learn where to send it, or upload a small one at once; then attach it by its id."""
    return rules.upload(call.scope, call.body)


@routes.route("PUT", BASE + "/{attachment_id}/content", body=File, status=204)
def receive(call: Call[File, Nothing]) -> Reply:
    """Send the bytes of a file that was announced, where its upload address says so."""
    rules.receive(call.scope, call.path["attachment_id"], call.body.content)
    return Reply(204)


@routes.route("GET", BASE + "/{attachment_id}", media_type=BYTES)
def download(call: Call[Nothing, Nothing]) -> Reply:
    """Download a file, from here or (303) from where it is."""
    stored = rules.find(call.scope, call.path["attachment_id"])
    address = rules.address(stored)
    if address is not None:
        return Reply(303, None, {"Location": address.url, "Referrer-Policy": "no-referrer"})
    return Reply(
        200,
        rules.content(stored),
        {
            "Content-Type": BYTES,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(stored.filename, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
