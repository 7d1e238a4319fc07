"""Pushpin killed in the middle of it, or one of two: what was acknowledged reaches every client once and in order."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import pytest

from chalicelib.kernel import grip
from chalicelib.kernel.relays import Relays
from chalicelib.onebox.program import Program
from chalicelib.onebox.pushpin import Pushpin, PushpinOrigin, origin_server
from chalicelib.onebox.pushpin.instance import Left
from tests.contract.grip.pushpin import must_be_installed
from tests.support.clients import Agent, EventStream, Person
from tests.support.process import Process
from tests.support.relays import Behind, Both
from tests.support.waiting import eventually

ENOUGH = 40


@dataclass
class Follower:
    """A client like a browser: reads on, and comes back with the last id that it has, to any address there is."""

    open: Callable[[str], EventStream]
    seen: list[int] = field(default_factory=list)
    times_opened: int = 0

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                stream = self.open(str(self.seen[-1] if self.seen else 0))
            except (httpx.HTTPError, AssertionError):
                self._stopping.wait(0.05)
                continue
            self.times_opened += 1
            taken = 0
            while not (stream.closed and taken == len(stream.frames)) and not self._stopping.is_set():
                for frame in stream.frames[taken:]:
                    self.seen.append(int(frame.id or 0))
                    taken += 1
                self._stopping.wait(0.005)
            stream.close()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)


def post(person: Person, path: str, body: dict[str, str], key: str) -> None:
    """Sent with its key until it is acknowledged, as a client does whose connection breaks."""

    def acknowledged() -> bool:
        try:
            answer = person.http.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            return False
        assert answer.status_code == 201 or answer.status_code >= 500, answer.text
        return answer.status_code == 201

    eventually(acknowledged, f"the answer to {key}", 60)


def write(person: Person, ws: str, titles: list[str]) -> None:
    """Tasks, one after the other."""
    for title in titles:
        post(person, f"/api/workspaces/{ws}/tasks", {"title": title}, title)


def following(url: Callable[[], str], person: Person, ws: str) -> Follower:
    def opened(last: str) -> EventStream:
        address = f"{url()}/api/workspaces/{ws}/events?after={last}"
        stream = EventStream(person.http, "GET", address, headers={"Last-Event-ID": last})
        assert stream.response.status_code == 200
        return stream

    return Follower(opened)


def test_pushpin_killed_in_the_middle_of_writes_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    must_be_installed()
    process = Process(tmp_path, relay="pushpin")
    owner = process.owner()
    ws = owner.create_workspace()["id"]
    made = owner.generate_token(ws)["token"]
    agent = Agent(process.url, ws, made["secret"], made["id"]).initialize()
    asked = owner.create_task(ws, "?", assignee="human")["id"]
    followers = [following(lambda: process.url, owner, ws) for _ in range(3)]
    writer, titles = process.owner(), [f"task {n}" for n in range(ENOUGH)]
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write, writer, ws, titles)
        waiting = pool.submit(repeated, agent, asked)
        for kill in range(3):
            eventually(lambda kill=kill: len(followers[0].seen) > 8 * (kill + 1))  # type: ignore[misc]  # bound early
            os.kill(session_of(tmp_path), signal.SIGKILL)
        writing.result(60)
        post(writer, f"/api/workspaces/{ws}/tasks/{asked}/messages", {"text": "forty-two"}, "the reply")
        assert waiting.result(60)["text"] == "forty-two"
    head = owner.ask("GET", f"/api/workspaces/{ws}")["seq"]
    for follower in followers:
        eventually(lambda f=follower: f.seen[-1] == head, "the last event", 30)  # type: ignore[misc]  # bound early
        follower.stop()
        assert follower.seen == list(range(1, head + 1))
        assert follower.times_opened > 1
    there = [task["title"] for task in owner.ask("GET", f"/api/workspaces/{ws}/tasks?limit=200")["items"]]
    assert sorted(there) == sorted(["?", *titles])
    process.end()


def session_of(data: Path) -> int:
    def found() -> int | None:
        try:
            return msgspec.json.decode((data / "run" / "running.json").read_bytes(), type=Left).session
        except FileNotFoundError:
            return None

    return eventually(found, "Pushpin's start")


def repeated(agent: Agent, task_id: str) -> dict[str, object]:
    """waitForReply as a client makes it: called again while there is no answer, or no connection."""
    pause = threading.Event()
    while True:
        try:
            answer = agent.call("waitForReply", task_id=task_id)
        except (httpx.TransportError, AssertionError):
            pause.wait(0.05)
            continue
        if answer["status"] == "answered":
            return answer


@pytest.fixture
def two(program: Program, tmp_path: Path) -> Iterator[list[Pushpin]]:
    """Two Pushpins in front of one program, which publishes to both."""
    must_be_installed()
    origin = PushpinOrigin(Behind(program))
    with ExitStack() as stack:
        server = stack.enter_context(origin_server(origin))
        both = [Pushpin(tmp_path / name, server.port, origin.key) for name in ("one", "two")]
        for pushpin in both:
            pushpin.start()
            stack.callback(pushpin.release)
            stack.callback(pushpin.end)
            pushpin.wait_until_ready(origin.ready)
        origin.is_open = True
        grip.publish_through(Both(program.relay, Relays(lambda: [pushpin.publish_url for pushpin in both])))
        stack.callback(grip.publish_through, program.relay)
        yield both


def test_one_of_two_that_is_killed_loses_nothing(two: list[Pushpin], person: Person, workspace_id: str) -> None:
    """Its clients go on at the other; those of the other notice nothing."""
    there = [pushpin.url for pushpin in two]
    of_the_killed = [following(lambda: there[0], person, workspace_id) for _ in range(3)]
    of_the_other = [following(lambda: two[1].url, person, workspace_id) for _ in range(3)]
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write, person, workspace_id, [f"task {n}" for n in range(ENOUGH)])
        eventually(lambda: all(len(one.seen) > ENOUGH // 4 for one in of_the_killed))
        there[0] = two[1].url
        two[0].end()
        writing.result(60)
    head = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    for follower in (*of_the_killed, *of_the_other):
        eventually(lambda f=follower: f.seen[-1:] == [head], "the last event", 30)  # type: ignore[misc]  # bound early
        follower.stop()
        assert follower.seen == list(range(1, head + 1))
    assert all(one.times_opened > 1 for one in of_the_killed)
    assert [one.times_opened for one in of_the_other] == [1, 1, 1]
