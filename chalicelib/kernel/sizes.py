"""How large the body of a request may be, in one table.

Files that come inside of JSON make some bodies large; all others are as small as what they may say. A function on
Lambda is sent 6 MB at most, with the body as a string in it: its settings are lower (infra/template/functions.yaml),
and larger files go to object storage directly.
"""

from __future__ import annotations

from chalicelib.kernel.errors import TooLarge
from chalicelib.kernel.settings import settings

WORKSPACE = "/api/workspaces/{ws}"
WITH_FILES = {
    ("POST", f"{WORKSPACE}/tasks"),
    ("POST", f"{WORKSPACE}/tasks/{{task_id}}/messages"),
    ("POST", f"{WORKSPACE}/attachments"),
}
FILES = {("PUT", f"{WORKSPACE}/attachments/{{attachment_id}}/content")}


def most(method: str, path: str) -> int:
    """`path` is that of the route."""
    chosen = settings()
    if (method, path) in FILES:
        return min(chosen.largest_attachment, chosen.largest_api_body)
    if (method, path) in WITH_FILES:
        return chosen.largest_api_body
    return chosen.largest_mcp_body if path.startswith("/mcp/") else chosen.largest_json_body


def check(method: str, path: str, body: bytes) -> None:
    largest = most(method, path)
    if len(body) > largest:
        raise TooLarge(f"A body may have {largest} bytes here. Send files by themselves: announce them, then upload.")
