"""`handrail export` and `handrail import`, as processes beside the program or without it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import ROOT, Process


def handrail(data: Path, *arguments: str) -> tuple[int, str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HANDRAIL_", "AWS_"))}
    environment |= {"HANDRAIL_DATA": str(data), "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(data)}
    command = [sys.executable, "-m", "chalicelib.onebox.command", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path / "data")
    yield process
    process.end()


def test_a_workspace_goes_out_while_the_program_runs_and_comes_in_when_it_does_not(
    running: Process, tmp_path: Path
) -> None:
    data, file = tmp_path / "data", tmp_path / "out.zip"
    owner = running.owner()
    ws = owner.create_workspace("Out and in")["id"]
    attached = [{"filename": "a.txt", "data": "YWJj"}]
    task = owner.create_task(ws, "kept", attachments=attached)
    code, said, error = handrail(data, "export", ws, str(file))
    assert (code, error) == (0, "")
    assert "Out and in, as of event 2: 1 tasks, 0 messages" in said
    assert handrail(data, "export", ws, str(file))[0] == 1
    code, _, error = handrail(data, "import", str(file), "--owner", "owner@localhost")
    assert code == 1
    assert "Stop Handrail, and repeat this." in error
    running.kill()
    assert handrail(data, "retry") == (0, "0 entries are due again.\n", "")
    code, said, error = handrail(data, "import", str(file), "--owner", "owner@localhost")
    assert (code, error) == (0, "")
    again = Process(data)
    try:
        owner = again.owner()
        found = {one["id"] for one in owner.ask("GET", "/api/workspaces")["items"]}
        (new,) = found - {ws}
        assert new in said
        (came,) = owner.ask("GET", f"/api/workspaces/{new}/tasks")["items"]
        assert came == task | {"workspace_id": new}
        file_id = task["attachments"][0]["id"]
        assert owner.http.get(f"/api/workspaces/{new}/attachments/{file_id}").content == b"abc"
    finally:
        again.end()


def test_what_cannot_be_done_is_said_in_one_line(running: Process, tmp_path: Path) -> None:
    data, file = tmp_path / "data", str(tmp_path / "x.zip")
    for arguments, words in (
        ((data, "export", "0ZPO4WBMZIP", file), "there is no workspace 0ZPO4WBMZIP"),
        ((data, "export", "../etc", file), "is not the id of a workspace"),
        ((tmp_path / "nowhere", "export", "0ZPO4WBMZIP", file), "set HANDRAIL_DATA"),
        ((data, "export", "0ZPO4WBMZIP", file, "--stage", "dev"), "The stage 'dev' cannot be reached"),
    ):
        code, said, error = handrail(*arguments)
        assert (code, said) == (1, "")
        assert words in error
        assert error.startswith("handrail: ")
        assert error.count("\n") == 1
    assert not Path(file).exists()
    assert not (tmp_path / "nowhere").exists()
