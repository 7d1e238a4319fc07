"""A workspace with a bit of everything, its archive, and archives that were tampered with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from chalicelib.archive.exporting import export
from chalicelib.onebox.program import Program
from chalicelib.people import rules as people
from chalicelib.people.model import Person as StoredPerson
from tests.support.clients import Agent, Json, Person
from tests.support.files import announce
from tests.support.waiting import everything_published

PICTURE = {"filename": "käse.png", "mime_type": "image/png", "data": "iVBORw0KGgo="}


@dataclass
class Full:
    person: Person
    id: str
    agent: Agent
    task: Json

    def ask(self, path: str = "") -> Json:
        answer: Json = self.person.ask("GET", f"/api/workspaces/{self.id}{path}")
        return answer


@pytest.fixture
def full(program: Program, person: Person) -> Full:
    ws = person.create_workspace("Käse & Co", mission="to\nlast")["id"]
    base = f"/api/workspaces/{ws}"
    agent = person.agent(ws, "laptop").initialize()
    task = person.create_task(ws, "with a thread", body="words", attachments=[PICTURE])
    agent.call("reply", chat_id=task["id"], text="begun", attachments=[{"filename": "b", "data": ""}])
    person.reply(ws, task["id"], "go on")
    done = person.create_task(ws, "done", parent_id=task["id"])
    agent.call("updateTaskStatus", task_id=done["id"], status="ongoing")
    agent.call("updateTaskStatus", task_id=done["id"], status="completed")
    agent.call("createTask", title="which?", body="", assignee="human")
    person.create_task(ws, "claimed")
    agent.call("getNextTask")
    person.create_task(ws, "free")
    gone = person.create_task(ws, "gone", attachments=[PICTURE])
    person.ask("DELETE", f"{base}/tasks/{gone['id']}", 204)
    for request in ("r1", "r2"):
        asked = {"request_id": request, "tool_name": "Bash", "input_preview": '{"command":"npm test"}'}
        agent.notify("notifications/claude/channel/permission_request", asked | {"task_id": task["id"]})
    first = person.ask("GET", f"{base}/permissions?status=pending")["items"][0]
    person.ask("PUT", f"{base}/permissions/{first['id']}/decision", json={"behavior": "allow_always"})
    announce(person, ws, 3)
    everything_published(program)
    return Full(person, ws, agent, task)


@pytest.fixture
def owner(person: Person) -> StoredPerson:
    return people.person_of(person.session)


@pytest.fixture
def archive(full: Full, tmp_path: Path) -> Path:
    path = tmp_path / "full.zip"
    export(full.id, path)
    return path


Contents = dict[str, bytes]


def read(path: Path) -> Contents:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def records(contents: Contents, name: str) -> list[Json]:
    return [json.loads(row) for row in contents[name].splitlines()]


def write(path: Path, contents: Contents) -> Path:
    with ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def sealed(contents: Contents) -> Contents:
    """The manifest made to fit what is there, as somebody would who forges an archive."""
    manifest = json.loads(contents["manifest.json"])
    for name in manifest["files"]:
        rows = contents[name]
        manifest["files"][name] = {"records": rows.count(b"\n"), "sha256": hashlib.sha256(rows).hexdigest()}
    return contents | {"manifest.json": json.dumps(manifest).encode()}


def changed(name: str, change: Callable[[Json], object], number: int = 0) -> Callable[[Contents], Contents]:
    """One record of a file changed, and the sums with it."""

    def tamper(contents: Contents) -> Contents:
        found = records(contents, name)
        change(found[number])
        rows = b"".join(json.dumps(one).encode() + b"\n" for one in found)
        return sealed(contents | {name: rows})

    return tamper
