"""A relay that takes nothing for a minute. The pauses between attempts are made short; their number counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from chalicelib.kernel import grip
from chalicelib.kernel.relays import NotPublished
from chalicelib.onebox import pump
from chalicelib.onebox.program import Program
from tests.support.clients import Agent, Person
from tests.support.waiting import eventually, everything_published

# At the pauses that the program makes, this is more than a minute.
ATTEMPTS = 25


class Away:
    """Stands before the program's relay; takes nothing while it is down."""

    def __init__(self, relay: grip.Publisher) -> None:
        self.relay, self.down, self.attempts = relay, True, 0

    def publish(self, items: Sequence[grip.Item]) -> None:
        self.attempts += 1
        if self.down:
            raise NotPublished("no relay can be reached")
        self.relay.publish(items)


@pytest.fixture
def away(program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[Away]:
    everything_published(program)
    monkeypatch.setattr(pump, "_LONGEST_PAUSE", 0.02)
    relay = Away(program.relay)
    grip.publish_through(relay)
    yield relay
    relay.down = False
    everything_published(program)
    grip.publish_through(program.relay)


def test_writes_go_on_and_streams_get_all_of_it_once_and_in_order_when_it_is_back(
    program: Program, person: Person, workspace_id: str, agent: Agent, away: Away
) -> None:
    away.down = False
    everything_published(program)
    dashboard, pushes = person.events(workspace_id, after=0), agent.stream()
    dashboard.wait_for_type("workspace.created")
    away.down, away.attempts = True, 0
    titles = [f"written while it is down {number}" for number in range(5)]
    for title in titles:
        person.create_task(workspace_id, title)
    eventually(lambda: away.attempts >= ATTEMPTS, "the attempts of a minute")
    listed = person.ask("GET", f"/api/workspaces/{workspace_id}/tasks")["items"]
    assert {task["title"] for task in listed} == set(titles)
    away.down = False
    dashboard.wait_for(lambda frame: titles[-1] in frame.data)
    head = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    assert [int(frame.id or 0) for frame in dashboard.frames] == list(range(1, head + 1))
    pushes.wait_for(lambda frame: titles[-1] in frame.data)
    told = [frame.data for frame in pushes.frames]
    assert [sum(title in data for data in told) for title in titles] == [1] * 5


def test_whoever_comes_back_meanwhile_has_all_of_it_from_the_log(
    person: Person, workspace_id: str, away: Away
) -> None:
    for number in range(3):
        person.create_task(workspace_id, f"task {number}")
    stream = person.events(workspace_id, after=0)
    stream.wait_for(lambda frame: "task 2" in frame.data)
    away.down = False
    person.create_task(workspace_id, "after it")
    stream.wait_for(lambda frame: "after it" in frame.data)
    ids = [int(frame.id or 0) for frame in stream.frames]
    assert ids == list(range(1, len(ids) + 1))


def test_a_token_that_is_revoked_meanwhile_opens_nothing_and_its_stream_ends_when_it_is_back(
    program: Program, person: Person, workspace_id: str, agent: Agent, away: Away
) -> None:
    away.down = False
    everything_published(program)
    stream = agent.stream()
    away.down = True
    person.ask("DELETE", f"/api/workspaces/{workspace_id}/tokens/{agent.token_id}", 204)
    assert agent.post("tools/list").status_code == 401
    away.down = False
    stream.wait_until_closed()
