"""Handing out tasks: each to one agent, for a lease, the oldest first."""

from __future__ import annotations

import pytest

from chalicelib.kernel import clock
from chalicelib.kernel.settings import settings
from chalicelib.wiring import maintenance
from tests.support.clients import Agent, Json, Person


@pytest.fixture
def other(person: Person, workspace_id: str) -> Agent:
    return person.agent(workspace_id, "other").initialize()


def next_of(agent: Agent, **arguments: object) -> str | None:
    task = agent.call("getNextTask", **arguments)["task"]
    return task["id"] if task else None


def events_after(person: Person, workspace_id: str, after: int) -> list[Json]:
    seq = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    stream = person.events(workspace_id, after=after)
    stream.wait_for(lambda frame: frame.id == str(seq))
    return [frame.json for frame in stream.frames]


def after_the_lease() -> float:
    return settings().claim_lease + 1


def test_the_oldest_task_is_handed_out_first(person: Person, workspace_id: str, agent: Agent, other: Agent) -> None:
    made = [person.create_task(workspace_id)["id"] for _ in range(2)]
    assert [next_of(agent), next_of(other)] == made


def test_a_task_that_a_person_moved_up_goes_first(person: Person, workspace_id: str, agent: Agent) -> None:
    made = [person.create_task(workspace_id) for _ in range(3)]
    position = {"position": made[0]["position"] / 2}
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{made[2]['id']}", json=position)
    assert next_of(agent) == made[2]["id"]


def test_there_is_none_when_all_are_taken_or_for_people(person: Person, workspace_id: str, agent: Agent) -> None:
    person.create_task(workspace_id, assignee="human")
    assert next_of(agent) is None


def test_asking_again_gives_the_same_task_until_it_is_started(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    made = [person.create_task(workspace_id)["id"] for _ in range(2)]
    assert [next_of(agent), next_of(agent)] == [made[0], made[0]]
    agent.call("updateTaskStatus", task_id=made[0], status="ongoing")
    assert next_of(agent) == made[1]


def test_looking_claims_nothing(person: Person, workspace_id: str, agent: Agent, other: Agent) -> None:
    id = person.create_task(workspace_id)["id"]
    assert [next_of(agent, claim=False), next_of(other, claim=False)] == [id, id]
    assert person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{id}")["agent"] is None


def test_a_claimed_task_is_nobody_elses(person: Person, workspace_id: str, agent: Agent, other: Agent) -> None:
    id = person.create_task(workspace_id)["id"]
    assert next_of(agent) == id
    assert next_of(other) is None
    refused = other.result("updateTaskStatus", task_id=id, status="ongoing")
    assert refused["structuredContent"]["code"] == "claimed"
    assert "getNextTask" in refused["content"][0]["text"]


def test_a_claim_that_nothing_is_heard_of_goes_back_to_the_queue(
    person: Person, workspace_id: str, agent: Agent, other: Agent
) -> None:
    id = person.create_task(workspace_id)["id"]
    next_of(agent)
    with clock.moved(after_the_lease()):
        assert next_of(other) == id
        refused = agent.result("updateTaskStatus", task_id=id, status="ongoing")
        assert refused["structuredContent"]["code"] == "claimed"


def test_a_lease_that_ran_out_is_released_for_everybody_to_see(
    person: Person, workspace_id: str, agent: Agent, other: Agent
) -> None:
    id = person.create_task(workspace_id)["id"]
    next_of(agent)
    path = f"/api/workspaces/{workspace_id}"
    before = person.ask("GET", path)["seq"]
    maintenance.run_due_work()
    assert person.ask("GET", path)["seq"] == before
    with clock.moved(after_the_lease()):
        maintenance.run_due_work()
        maintenance.run_due_work()
        task = person.ask("GET", f"{path}/tasks/{id}")
        assert (task["agent"], task["claim_expires_at"], task["status"]) == (None, None, "notstarted")
        (event,) = [one for one in events_after(person, workspace_id, before) if one["type"] == "task.updated"]
        assert (event["task"], event["actor"]["kind"]) == (task, "system")
        assert [one["kind"] for one in person.ask("GET", f"{path}/tasks/{id}/activities")["items"]] == [
            "claim",
            "release",
        ]
        assert [one["task_id"] for one in other.call("getInbox")["entries"]] == [id]
        assert next_of(other) == id


def test_a_lease_that_was_renewed_or_ended_is_not_released(
    person: Person, workspace_id: str, agent: Agent, other: Agent
) -> None:
    renewed, started = (person.create_task(workspace_id)["id"] for _ in range(2))
    next_of(agent)
    assert next_of(other) == started
    other.call("updateTaskStatus", task_id=started, status="ongoing")
    with clock.moved(after_the_lease() / 2):
        assert next_of(agent) == renewed
    with clock.moved(after_the_lease()):
        maintenance.run_due_work()
        for id, holder in ((renewed, agent), (started, other)):
            task = person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{id}")
            assert task["agent"]["id"] == holder.token_id
    with clock.moved(2 * after_the_lease()):
        maintenance.run_due_work()
        assert person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{renewed}")["agent"] is None


def test_a_started_task_is_kept_however_long_it_takes(
    person: Person, workspace_id: str, agent: Agent, other: Agent
) -> None:
    id = person.create_task(workspace_id)["id"]
    next_of(agent)
    agent.call("updateTaskStatus", task_id=id, status="ongoing")
    with clock.moved(after_the_lease()):
        assert next_of(other) is None
        refused = other.result("updateTaskStatus", task_id=id, status="completed")
        assert refused["structuredContent"]["code"] == "claimed"


def test_a_person_takes_a_task_away_from_an_agent(person: Person, workspace_id: str, agent: Agent) -> None:
    id = person.create_task(workspace_id)["id"]
    next_of(agent)
    task = person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{id}", json={"assignee": "human"})
    assert (task["agent"], task["claim_expires_at"]) == (None, None)
    assert next_of(agent) is None
    back = person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{id}", json={"assignee": "agent"})
    assert next_of(agent) == back["id"]


def test_behind_twenty_tasks_that_others_hold_there_is_one_that_is_free(
    person: Person, workspace_id: str, agent: Agent, other: Agent
) -> None:
    made = [person.create_task(workspace_id, f"t{number}")["id"] for number in range(23)]
    for id in made[:22]:
        person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{id}", json={"position": 0})
    for _ in range(22):
        claimed = next_of(other)
        assert claimed is not None
        other.call("updateTaskStatus", task_id=claimed, status="ongoing")
    assert next_of(agent) == made[22]
