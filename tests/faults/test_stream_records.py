"""What the change stream may do to the function that reads it: give records twice, out of order, or poisoned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.onebox import pump
from chalicelib.onebox.program import Program
from chalicelib.onebox.pump import StreamFunction
from tests.support.clients import Agent, Person
from tests.support.process import Process
from tests.support.waiting import DEADLINE, everything_published

Records = list[Mapping[str, Any]]


class Between:
    """Between the change stream and the stream function: waits until it is let go, then does what the test says."""

    def __init__(self, function: StreamFunction) -> None:
        self.function, self.go = function, threading.Event()
        self.serve: Callable[[Records], Mapping[str, Any]] = self.as_it_is
        self.go.set()

    def as_it_is(self, records: Records) -> Mapping[str, Any]:
        return self.function({"Records": records}, None)

    def __call__(self, event: Mapping[str, Any], context: object) -> Mapping[str, Any]:
        assert self.go.wait(DEADLINE)
        return self.serve(event["Records"])


@pytest.fixture
def between(program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    everything_published(program)
    stream = program.pumps[0]
    placed = Between(vars(stream)["_function"])
    monkeypatch.setitem(vars(stream), "_function", placed)
    yield placed
    placed.serve = placed.as_it_is
    placed.go.set()
    everything_published(program)


def ids_of_all(person: Person, workspace_id: str) -> list[int]:
    head = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    return list(range(1, head + 1))


@pytest.mark.parametrize("order", ["twice", "backwards", "backwards, then forwards"])
def test_records_that_come_twice_or_out_of_order_are_shown_once_and_in_order(
    program: Program, person: Person, workspace_id: str, agent: Agent, between: Between, order: str
) -> None:
    everything_published(program)
    dashboard, pushes = person.events(workspace_id, after=0), agent.stream()

    def reordered(records: Records) -> Mapping[str, Any]:
        backwards = records[::-1]
        given = {"twice": records * 2, "backwards": backwards}.get(order, backwards + records)
        for record in given:
            assert not between.as_it_is([record])["batchItemFailures"]
        return {"batchItemFailures": []}

    between.serve = reordered
    between.go.clear()
    titles = [f"task {number} of {order}" for number in range(6)]
    for title in titles:
        person.create_task(workspace_id, title)
    between.go.set()
    everything_published(program)
    dashboard.wait_for(lambda frame: titles[-1] in frame.data)
    assert [int(frame.id or 0) for frame in dashboard.frames] == ids_of_all(person, workspace_id)
    pushes.wait_for(lambda frame: titles[-1] in frame.data)
    assert [sum(title in frame.data for frame in pushes.frames) for title in titles] == [1] * 6
    entries = agent.call("getInbox")["entries"]
    assert [sum(title in entry["content"] for entry in entries) for title in titles] == [1] * 6


def test_a_poisoned_record_is_set_aside_and_the_rest_goes_on(
    program: Program,
    person: Person,
    workspace_id: str,
    between: Between,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(pump, "TRIES", 3)
    monkeypatch.setattr(pump, "_LONGEST_PAUSE", 0.01)
    dashboard = person.events(workspace_id, after=0)
    dashboard.wait_for_type("workspace.created")

    def poisoned(records: Records) -> Mapping[str, Any]:
        for at, record in enumerate(records):
            is_event = record["dynamodb"]["Keys"].get("sk", {}).get("S", "").startswith("event")
            if is_event and "the poison" in str(record["dynamodb"].get("NewImage")):
                between.as_it_is(records[:at])
                return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        return between.as_it_is(records)

    between.serve = poisoned
    between.go.clear()
    for title in ("before it", "the poison", "after it", "the end"):
        person.create_task(workspace_id, title)
    between.go.set()
    dashboard.wait_for(lambda frame: "the end" in frame.data)
    everything_published(program)
    assert "a change that cannot be served is set aside" in caplog.text
    assert [int(frame.id or 0) for frame in dashboard.frames] == ids_of_all(person, workspace_id)


def test_a_function_killed_between_commit_and_publishing_serves_the_change_after_it(tmp_path: Path) -> None:
    first = Process(tmp_path, module="tests.support.unpublished")
    owner = first.owner()
    ws = owner.create_workspace()["id"]
    dashboard = owner.events(ws, after=0)
    dashboard.wait_for_type("workspace.created")
    agent = owner.agent(ws).initialize()
    owner.create_task(ws, "committed, never published")
    first.kill()
    dashboard.wait_until_closed()
    assert [frame.id for frame in dashboard.frames] == ["1"]
    first.end()

    second = Process(tmp_path)
    resumed = second.owner().events(ws, headers={"Last-Event-ID": "1"})
    resumed.wait_for(lambda frame: "never published" in frame.data)
    returned = Agent(second.url, ws, agent.secret, session=agent.session)
    returned.stream().wait_for(lambda frame: "never published" in frame.data)
    ids = [int(frame.id or 0) for frame in resumed.frames]
    assert ids == list(range(2, ids[-1] + 1))
    second.end()
