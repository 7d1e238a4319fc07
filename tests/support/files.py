"""Files of tests: announced, sent to where the answer says, and got from where they are."""

from __future__ import annotations

import httpx

from tests.support.clients import Json, Person


def announce(person: Person, workspace_id: str, size: int, filename: str = "a.bin") -> Json:
    path = f"/api/workspaces/{workspace_id}/attachments"
    made: Json = person.ask("POST", path, 201, json={"filename": filename, "size": size})
    return made


def send_file(person: Person, made: Json, content: bytes) -> httpx.Response:
    upload = made["upload"]
    return person.http.request(upload["method"], upload["url"], content=content, headers=upload["headers"])
