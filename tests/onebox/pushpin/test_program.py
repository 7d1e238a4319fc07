"""`HANDRAIL_RELAY=pushpin`: the program starts a Pushpin in front of itself, and looks after it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import msgspec
import pytest

from chalicelib.onebox.pushpin.instance import Left
from tests.contract.grip.pushpin import must_be_installed
from tests.durability.test_start_and_end import check_one_clear_line
from tests.support.process import Process, refused
from tests.support.waiting import eventually

SIGN_IN = "/auth/local/session"


@pytest.fixture
def started() -> Iterator[list[Process]]:
    must_be_installed()
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.end()


@pytest.fixture
def process(tmp_path: Path, started: list[Process]) -> Process:
    started.append(Process(tmp_path, relay="pushpin"))
    return started[-1]


def left(data: Path) -> Left:
    return msgspec.json.decode((data / "run" / "running.json").read_bytes(), type=Left)


def processes_of(session: int) -> set[int]:
    """The ids of the processes of a session that have not ended."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields and int(fields[3]) == session and fields[0] != "Z":
            found.add(int(entry.name))
    return found


def test_it_serves_where_it_says_and_signs_its_owner_in(process: Process, tmp_path: Path) -> None:
    owner = process.owner()
    ws = owner.create_workspace()["id"]
    stream = owner.events(ws)
    owner.create_task(ws, "through Pushpin")
    stream.wait_for(lambda frame: "through Pushpin" in frame.data)
    session = left(tmp_path).session
    assert len(processes_of(session)) == 5
    assert process.stop(signal.SIGTERM) == (0, "Handrail has stopped.\n", "")
    assert processes_of(session) == set()
    assert not (tmp_path / "run" / "running.json").exists()
    stream.wait_until_closed()


def test_local_sign_in_is_as_strict_as_without_it(process: Process, tmp_path: Path) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert httpx.post(process.url + SIGN_IN, headers={header: "127.0.0.1"}).status_code == 403
    assert httpx.post(process.url + SIGN_IN, headers={"Host": "handrail.example.com"}).status_code == 421
    found = re.search(r"127\.0\.0\.1:\d+", (tmp_path / "run" / "routes").read_text())
    assert found is not None
    past_pushpin = httpx.post(f"http://{found.group()}{SIGN_IN}", headers={"X-Forwarded-For": "127.0.0.1"})
    assert past_pushpin.status_code == 403
    assert past_pushpin.json()["code"] == "not_through_relay"
    assert httpx.post(process.url + SIGN_IN).status_code == 201


def test_what_only_its_owner_may_know_is_readable_by_its_owner_only(process: Process, tmp_path: Path) -> None:
    sockets = Path(left(tmp_path).sockets)
    assert (tmp_path / "run").stat().st_mode & 0o077 == 0
    assert sockets.stat().st_mode & 0o077 == 0
    assert (tmp_path / "run" / "pushpin.conf").stat().st_mode & 0o077 == 0


def test_it_listens_on_the_chosen_address_only(process: Process) -> None:
    port = int(process.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), 1)


@pytest.mark.parametrize("part", ["runner", "handler", "condure"])
def test_a_pushpin_that_dies_is_started_again_at_the_same_address(
    process: Process, tmp_path: Path, part: str
) -> None:
    owner = process.owner()
    ws = owner.create_workspace()["id"]
    stream = owner.events(ws)
    before = left(tmp_path)
    os.kill(before.session if part == "runner" else process_named(before.session, part), signal.SIGKILL)
    stream.wait_until_closed()
    eventually(lambda: _is_served(process.url), "the next Pushpin")
    assert left(tmp_path).session != before.session
    assert processes_of(before.session) == set()
    assert not Path(before.sockets).exists()
    resumed = owner.events(ws, after=1)
    owner.create_task(ws, "after it")
    resumed.wait_for(lambda frame: "after it" in frame.data)


def process_named(session: int, part: str) -> int:
    (found,) = [
        id for id in processes_of(session) if part in Path(f"/proc/{id}/cmdline").read_text().partition("\0")[0]
    ]
    return found


def _is_served(url: str) -> bool:
    try:
        return httpx.get(url + "/auth/config").status_code == 200
    except httpx.TransportError:
        return False


def test_a_program_that_is_killed_leaves_no_pushpin_and_starts_again_at_once(
    process: Process, tmp_path: Path, started: list[Process]
) -> None:
    session, port = left(tmp_path).session, process.url.rpartition(":")[2]
    process.kill()
    started.append(Process(tmp_path, relay="pushpin", port=port))
    eventually(lambda: processes_of(session) == set(), "the end of what was left")
    assert started[-1].owner().ask("GET", "/api/workspaces")["items"] == []


def test_a_pushpin_that_was_left_is_ended_and_nothing_else_is(
    process: Process, tmp_path: Path, started: list[Process]
) -> None:
    """Its parent was killed with the program; the number of its session may be somebody else's by now."""
    session, port = left(tmp_path).session, process.url.rpartition(":")[2]
    os.kill(session, signal.SIGSTOP)
    process.kill()
    os.kill(session, signal.SIGKILL)
    assert len(processes_of(session)) >= 4
    started.append(Process(tmp_path, relay="pushpin", port=port))
    assert processes_of(session) == set()
    started[-1].stop(signal.SIGTERM)

    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    with stranger:
        foreign = Left(stranger.pid, "/nowhere/pushpin.conf", "/nowhere/sockets")
        (tmp_path / "run" / "running.json").write_bytes(msgspec.json.encode(foreign))
        started.append(Process(tmp_path, relay="pushpin"))
        assert stranger.poll() is None
        stranger.communicate(b"\n")


# Its main thread has ended, and so its memory and its command line are gone; another thread still listens.
ENDING = """
import ctypes, os, socket, sys, threading
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
threading.Thread(target=threading.Event().wait).start()
ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
"""


def test_a_port_that_a_pushpin_still_has_while_it_ends_is_waited_for(tmp_path: Path, started: list[Process]) -> None:
    command = [sys.executable, "-c", ENDING]
    with ExitStack() as at_the_end:
        ending = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        at_the_end.enter_context(ending)
        at_the_end.callback(ending.kill)
        assert ending.stdout is not None
        port = ending.stdout.readline().strip()
        eventually(lambda: not Path(f"/proc/{ending.pid}/cmdline").read_bytes(), "the end of its main thread")
        (tmp_path / "run").mkdir()
        was = Left(ending.pid, str(tmp_path / "run" / "pushpin.conf"), str(tmp_path / "sockets"))
        (tmp_path / "run" / "running.json").write_bytes(msgspec.json.encode(was))
        started.append(Process(tmp_path, relay="pushpin", port=port))
        assert started[-1].url.endswith(f":{port}")


def test_a_second_program_on_one_folder_does_not_touch_the_firsts_pushpin(process: Process, tmp_path: Path) -> None:
    code, said = refused(tmp_path, relay="pushpin")
    check_one_clear_line(code, said)
    assert "in use by another process" in said
    assert _is_served(process.url)


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    must_be_installed()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = refused(tmp_path, relay="pushpin", port=port)
    check_one_clear_line(code, said)
    assert f"127.0.0.1:{port} is in use" in said


def test_without_pushpin_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, said = refused(tmp_path, relay="pushpin")
    check_one_clear_line(code, said)
    assert "apt-get install --no-install-recommends pushpin" in said


def test_a_pushpin_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    must_be_installed()
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "pushpin").write_text("#!/bin/sh\necho '[ERR] it is broken'\nexit 1\n")
    (broken / "pushpin").chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken}:{os.environ['PATH']}")
    code, said = refused(tmp_path / "data", relay="pushpin")
    check_one_clear_line(code, said)
    assert "it is broken" in said
