"""Out and in again: what comes in is what went out, in a workspace of its own, and nobody is told of it again."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.archive import snapshot
from chalicelib.archive.exporting import export
from chalicelib.archive.importing import bring_in
from chalicelib.kernel import bearer, grip
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.scope import Scope
from chalicelib.onebox.program import Program
from chalicelib.people.model import Person as StoredPerson
from tests.archive.conftest import Full, read, records
from tests.support.clients import Person
from tests.support.reducer import load
from tests.support.scopes import of_person
from tests.support.waiting import everything_published

HISTORY = {"member.invited", "workspace.imported"}


def comparable(path: Path) -> dict[str, object]:
    """What is in an archive, but for the time of its making and for what tells of the import itself."""
    contents = read(path)
    manifest = json.loads(contents.pop("manifest.json"))
    events = [one for one in records(contents, "events.jsonl") if one["type"] not in HISTORY]
    del contents["events.jsonl"], manifest["files"]["events.jsonl"], manifest["exported_at"]
    for name in ("id", "seq", "updated_at"):
        del manifest["workspace"][name]
    return {"manifest": manifest, "events": events, **contents}


def test_what_comes_in_is_what_went_out(full: Full, archive: Path, owner: StoredPerson, tmp_path: Path) -> None:
    imported = bring_in(archive, owner)
    again = tmp_path / "again.zip"
    export(imported.workspace.id, again)
    assert imported.workspace.id != full.id
    assert comparable(again) == comparable(archive)
    assert len(records(read(archive), "events.jsonl")) == full.ask()["seq"]


def test_the_new_workspace_shows_the_same_to_its_owner_and_goes_on(
    full: Full, archive: Path, owner: StoredPerson, program: Program
) -> None:
    ws = bring_in(archive, owner).workspace.id
    new = Full(full.person, ws, full.agent, full.task)
    task = f"/tasks/{full.task['id']}"
    for path in (
        f"{task}/messages",
        f"{task}/activities",
        "/permission_rules",
        f"/tasks?parent_id={full.task['id']}",
    ):
        was, now = full.ask(path)["items"], new.ask(path)["items"]
        assert was == [one | {"workspace_id": full.id} for one in now]
        assert was
    picture = new.ask(task)["attachments"][0]["id"]
    answers = [full.person.http.get(f"/api/workspaces/{id}/attachments/{picture}").content for id in (full.id, ws)]
    assert answers[0] == answers[1] != b""
    agent = full.person.agent(ws, "another").initialize()
    offered = {one["task_id"] for one in agent.call("getInbox")["entries"]}
    assert len(offered) == new.ask()["counts"]["notstarted"] - 1 == 2
    assert agent.call("getNextTask")["task"]["id"] in offered
    before = full.ask()["seq"]
    full.person.reply(ws, full.task["id"], "and on")
    assert full.ask()["seq"] == before
    assert load(full.person, ws).workspace["counts"]["waiting"] == 1


def test_what_is_counted_for_quotas_is_counted_again(full: Full, archive: Path, owner: StoredPerson) -> None:
    ws = bring_in(archive, owner).workspace.id
    was, now = (of_person(full.person, id).head for id in (full.id, ws))
    assert (now.usage.rules, now.usage.attachment_bytes) == (was.usage.rules, was.usage.attachment_bytes) == (1, 8)
    assert (now.usage.tokens, now.usage.uploads, now.made_by) == (0, {}, "")


def test_the_history_can_be_read_and_is_not_told_again(
    full: Full, archive: Path, owner: StoredPerson, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    publish = grip.publish

    def overheard(items: list[grip.Item]) -> None:
        told.extend(str(one) for one in items)
        publish(items)

    monkeypatch.setattr(grip, "publish", overheard)
    ws = bring_in(archive, owner).workspace.id
    everything_published(program)
    assert not [one for one in told if full.agent.token_id in one]
    assert len([one for one in told if f"ws-{ws}" in one]) == 1
    stream = full.person.events(ws, after=0)
    stream.wait_for_type("workspace.imported")
    frames = [frame.json for frame in stream.frames]
    assert [one["seq"] for one in frames] == list(range(1, len(frames) + 1))
    assert {one["workspace_id"] for one in frames} == {ws}
    assert full.id not in json.dumps(frames)


def test_no_secret_and_nothing_of_who_is_connected_leaves(full: Full, archive: Path) -> None:
    contents = read(archive)
    everything = b"".join(contents.values()).decode("utf-8", "replace")
    digest = bearer.digest(full.agent.secret)
    assert full.agent.secret not in everything
    assert digest not in everything
    assert not re.search(r"hr_[0-9A-Za-z]{30}", everything)
    tasks = {one["title"]: one for one in records(contents, "tasks.jsonl")}
    assert tasks["claimed"]["agent"] is tasks["claimed"]["claim_expires_at"] is None
    assert tasks["done"]["agent"]["id"] == full.agent.token_id
    assert tasks["with a thread"]["pending_permissions"] == 0
    assert [one["status"] for one in records(contents, "permissions.jsonl")] == ["allowed"]
    assert len(records(contents, "attachments.jsonl")) == 2
    assert full.id not in everything.replace(json.loads(contents["manifest.json"])["workspace"]["id"], "", 1)


def test_an_archive_is_true_for_one_moment_while_others_write(
    full: Full, tmp_path: Path, owner: StoredPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two pages somebody creates, answers, changes, decides and deletes."""
    monkeypatch.setattr(snapshot, "LARGEST_LIMIT", 3)
    list_page, numbers = Scope.list, iter(range(5))
    first, *_ = (full.person.create_task(full.id, f"early {number}") for number in range(4))

    def meanwhile() -> None:
        number = next(numbers, None)
        if number is None:
            return
        task = full.person.create_task(full.id, f"late {number}", attachments=[{"filename": "x", "data": "YQ=="}])
        full.person.reply(full.id, full.task["id"], f"late {number}")
        path = f"/api/workspaces/{full.id}/tasks/"
        full.person.ask("PATCH", path + first["id"], json={"title": f"changed {number}"})
        if number % 2:
            full.person.ask("DELETE", path + task["id"], 204)

    def interrupted(scope: Scope, *arguments: Any, **more: Any) -> Any:
        page = list_page(scope, *arguments, **more)
        # Not the pages that requests read.
        if threading.current_thread() is threading.main_thread():
            meanwhile()
        return page

    monkeypatch.setattr(Scope, "list", interrupted)
    during, after = tmp_path / "during.zip", tmp_path / "after.zip"
    manifest = export(full.id, during)
    assert next(numbers, None) is None
    monkeypatch.undo()
    assert manifest.workspace.seq == full.ask()["seq"]
    export(full.id, after)
    assert comparable(during) == comparable(after)
    bring_in(during, owner)


def test_files_that_are_lost_are_named_and_the_rest_comes_in(full: Full, tmp_path: Path, owner: StoredPerson) -> None:
    lost = full.task["attachments"][0]["id"]
    blobs().delete(full.id, lost)
    manifest = export(full.id, tmp_path / "a.zip")
    assert manifest.missing_attachments == [lost]
    ws = bring_in(tmp_path / "a.zip", owner).workspace.id
    full.person.ask("GET", f"/api/workspaces/{ws}/attachments/{lost}", 404)
    assert full.person.ask("GET", f"/api/workspaces/{ws}/tasks")["items"]


def test_an_archived_workspace_stays_archived(full: Full, tmp_path: Path, owner: StoredPerson) -> None:
    full.person.ask("PUT", f"/api/workspaces/{full.id}/archive")
    export(full.id, tmp_path / "a.zip")
    ws = bring_in(tmp_path / "a.zip", owner).workspace
    assert ws.archived_at is not None
    full.person.ask("POST", f"/api/workspaces/{ws.id}/tasks", 409, json={"title": "t"})


def test_nobody_but_the_owner_enters_the_new_workspace(
    full: Full, archive: Path, owner: StoredPerson, new_person: Callable[[], Person]
) -> None:
    ws = bring_in(archive, owner).workspace.id
    assert full.agent.http.post(f"/mcp/{ws}", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}).status_code == 404
    stranger = new_person()
    stranger.ask("GET", f"/api/workspaces/{ws}", 404)


def test_somebody_who_is_not_here_yet_is_invited_as_owner(archive: Path, program: Program) -> None:
    imported = bring_in(archive, "new.owner@example.com")
    assert imported.link is not None
    late = Person(program.url, "new.owner")
    late.ask("GET", f"/api/workspaces/{imported.workspace.id}", 404)
    late.accept(imported.link)
    (member,) = late.ask("GET", f"/api/workspaces/{imported.workspace.id}/members")["items"]
    assert (member["email"], member["role"]) == ("new.owner@example.com", "owner")
