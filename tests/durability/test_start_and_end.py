"""Starting and ending as a process: cleanly, and with one clear line where it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.onebox.engine.storage import SCHEMA_VERSION
from tests.support.process import Process, refused


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    started = Process(tmp_path)
    yield started
    started.end()


def check_one_clear_line(code: int, said: str) -> None:
    assert code == 1
    assert said.startswith("Handrail cannot start: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_closes_what_is_held(process: Process, how: signal.Signals) -> None:
    owner = process.owner()
    ws = owner.create_workspace()["id"]
    agent = owner.agent(ws).initialize()
    dashboard, pushes = owner.events(ws), agent.stream()
    began = time.perf_counter()
    code, out, err = process.stop(how)
    print(f"ended in {time.perf_counter() - began:.2f} s")
    assert (code, out, err) == (0, "Handrail has stopped.\n", "")
    dashboard.wait_until_closed()
    pushes.wait_until_closed()


def test_it_starts_again_on_what_it_left(tmp_path: Path) -> None:
    first = Process(tmp_path)
    ws = first.owner().create_workspace("kept")["id"]
    assert first.stop(signal.SIGTERM)[0] == 0
    began = time.perf_counter()
    second = Process(tmp_path)
    try:
        assert second.owner().ask("GET", f"/api/workspaces/{ws}")["name"] == "kept"
        print(f"second start and first answer in {time.perf_counter() - began:.2f} s")
    finally:
        second.end()


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = refused(tmp_path, port=port)
    check_one_clear_line(code, said)
    assert f"127.0.0.1:{port} is in use" in said


def test_a_second_process_on_one_folder_is_refused(process: Process, tmp_path: Path) -> None:
    code, said = refused(tmp_path)
    check_one_clear_line(code, said)
    assert "in use by another process" in said


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = refused(tmp_path / "file" / "data")
    check_one_clear_line(code, said)
    assert "cannot be written" in said


def test_a_folder_that_cannot_be_written_is_said_in_one_line() -> None:
    code, said = refused(Path("/proc/handrail"))
    check_one_clear_line(code, said)
    assert "HANDRAIL_DATA" in said


def test_a_newer_database_is_said_in_one_line(tmp_path: Path) -> None:
    first = Process(tmp_path)
    first.stop(signal.SIGTERM)
    first.end()
    with sqlite3.connect(tmp_path / "handrail.db") as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    code, said = refused(tmp_path)
    check_one_clear_line(code, said)
    assert "newer" in said


def test_a_file_that_is_not_a_database_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "handrail.db").write_bytes(b"not a database at all" * 100)
    check_one_clear_line(*refused(tmp_path))


@pytest.mark.parametrize("setting", [{"unknown": "1"}, {"port": "eighty"}, {"port": "70000"}, {"workers": "0"}])
def test_a_setting_that_cannot_be_used_is_said_in_one_line(tmp_path: Path, setting: dict[str, str]) -> None:
    code, said = refused(tmp_path, **setting)
    check_one_clear_line(code, said)
    assert next(iter(setting)) in said


def test_what_it_keeps_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    started = Process(tmp_path / "data")
    started.stop(signal.SIGTERM)
    started.end()
    assert stat.S_IMODE(os.stat(tmp_path / "data").st_mode) == 0o700
    for key in ("signing.key", "push.key"):
        assert stat.S_IMODE(os.stat(tmp_path / "data" / key).st_mode) == 0o600
