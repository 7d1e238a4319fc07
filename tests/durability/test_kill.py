"""Killed at any moment: what was acknowledged is there, once, in order, and whoever listened catches up."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.support.clients import Agent, EventStream, Frame, Json, Person
from tests.support.process import Process
from tests.support.reducer import load, pages
from tests.support.waiting import eventually

WRITERS = 6
ENOUGH = 180


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        process.end()


@dataclass
class Acknowledged:
    """What the server said yes to, by what was asked."""

    tasks: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, kind: dict[str, Json], name: str, answer: Json) -> None:
        with self.changed:
            kind[name] = answer
            self.changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.tasks) + len(self.messages) >= count, 30)


def write_until_it_dies(url: str, cookies: httpx.Cookies, ws: str, writer: int, noted: Acknowledged) -> None:
    base = f"/api/workspaces/{ws}/tasks"
    with httpx.Client(base_url=url, cookies=cookies, timeout=10) as http:
        for number in range(10_000):
            name = f"{writer}-{number}"
            try:
                task = http.post(base, json={"title": name})
                assert task.status_code == 201, task.text
                noted.note(noted.tasks, name, task.json())
                message = http.post(f"{base}/{task.json()['id']}/messages", json={"text": name})
                assert message.status_code == 201, message.text
                noted.note(noted.messages, name, message.json())
            except httpx.TransportError:
                return


def all_events(person: Person, ws: str) -> list[Json]:
    last = person.ask("GET", f"/api/workspaces/{ws}")["seq"]
    stream = person.events(ws, after=0)
    stream.wait_for(lambda frame: frame.id == str(last))
    return [frame.json for frame in stream.frames]


def frames_until_end(stream: EventStream) -> list[Frame]:
    stream.wait_until_closed()
    return list(stream.frames)


def test_every_acknowledged_write_and_its_event_survive_a_kill_once_and_in_order(
    tmp_path: Path, processes: list[Process]
) -> None:
    processes.append(first := Process(tmp_path))
    owner = first.owner()
    spaces = [owner.create_workspace(name)["id"] for name in ("left", "right")]
    streams = {ws: owner.events(ws, after=0) for ws in spaces}
    noted = {ws: Acknowledged() for ws in spaces}
    with ThreadPoolExecutor(WRITERS) as pool:
        running = [
            pool.submit(write_until_it_dies, first.url, owner.http.cookies, ws, writer, noted[ws])
            for writer in range(WRITERS)
            for ws in [spaces[writer % 2]]
        ]
        for acknowledged in noted.values():
            acknowledged.wait_for(ENOUGH // 2)
        first.kill()
        for one in running:
            one.result()

    processes.append(second := Process(tmp_path))
    owner = second.owner()
    for ws in spaces:
        seen = frames_until_end(streams[ws])
        check_nothing_lost(owner, ws, noted[ws])
        resumed = owner.events(ws, headers={"Last-Event-ID": seen[-1].id or ""})
        head = owner.ask("GET", f"/api/workspaces/{ws}")["seq"]
        if head > int(seen[-1].id or 0):
            resumed.wait_for(lambda frame, head=head: frame.id == str(head))  # type: ignore[misc]  # bound early
        told = [int(frame.id or 0) for frame in (*seen, *resumed.frames)]
        assert told == list(range(1, head + 1))
        owner.create_task(ws, "after the restart")
        resumed.wait_for(lambda frame: "after the restart" in frame.data)
        assert [int(frame.id or 0) for frame in resumed.frames][-1] == head + 1


def check_nothing_lost(owner: Person, ws: str, noted: Acknowledged) -> None:
    tasks = {task["title"]: task for task in pages(owner, f"/api/workspaces/{ws}/tasks")}
    events = all_events(owner, ws)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    created = Counter(event["task"]["title"] for event in events if event["type"] == "task.created")
    replied = [event["message"] for event in events if event["type"] == "reply.received"]
    assert created == Counter(tasks.keys())
    assert {name: tasks[name]["id"] for name in noted.tasks} == {n: t["id"] for n, t in noted.tasks.items()}
    by_id = {message["id"]: message for message in replied}
    assert len(by_id) == len(replied)
    assert {m["id"] for m in noted.messages.values()} <= by_id.keys()
    order = [message["id"] for message in replied]
    assert order == sorted(order)
    rebuilt = load(owner, ws)
    rebuilt.apply_all(events)
    assert rebuilt.state() == load(owner, ws).state()
    written = {value["text"] for value in rebuilt.state()["message"].values()}
    assert noted.messages.keys() <= written
    workspace = owner.ask("GET", f"/api/workspaces/{ws}")
    assert workspace["counts"]["notstarted"] == len(tasks)


def test_what_was_committed_but_never_published_reaches_those_who_resume_after_a_kill(
    tmp_path: Path, processes: list[Process]
) -> None:
    processes.append(first := Process(tmp_path, module="tests.support.unpublished"))
    owner = first.owner()
    ws = owner.create_workspace()["id"]
    dashboard = owner.events(ws, after=0)
    dashboard.wait_for_type("workspace.created")
    agent = owner.agent(ws).initialize()
    task = owner.create_task(ws, "to be deleted")
    asked = {"request_id": "r1", "tool_name": "Bash", "input_preview": "ls", "task_id": task["id"]}
    assert agent.notify("notifications/claude/channel/permission_request", asked).status_code == 202
    owner.reply(ws, task["id"], "never published")
    owner.ask("DELETE", f"/api/workspaces/{ws}/tasks/{task['id']}", 204)
    head = owner.ask("GET", f"/api/workspaces/{ws}")["seq"]
    first.kill()
    assert [frame.id for frame in frames_until_end(dashboard)] == ["1"]

    processes.append(second := Process(tmp_path))
    owner = second.owner()
    resumed = owner.events(ws, headers={"Last-Event-ID": "1"})
    resumed.wait_for_type("permission.decided")
    assert [int(frame.id or 0) for frame in resumed.frames] == list(range(2, head + 2))
    pending = f"/api/workspaces/{ws}/permissions?status=pending"
    eventually(lambda: owner.ask("GET", pending)["items"] == [], "what listeners had left to do")


def test_a_call_that_waits_is_answered_although_the_reply_was_never_published(
    tmp_path: Path, processes: list[Process]
) -> None:
    processes.append(first := Process(tmp_path, module="tests.support.unpublished"))
    owner = first.owner()
    ws = owner.create_workspace()["id"]
    made = owner.generate_token(ws)["token"]
    task = owner.create_task(ws, "?", assignee="human")
    owner.reply(ws, task["id"], "forty-two")
    first.kill()

    processes.append(second := Process(tmp_path))
    agent = Agent(second.url, ws, made["secret"], made["id"]).initialize()
    assert agent.call("waitForReply", task_id=task["id"])["text"] == "forty-two"
