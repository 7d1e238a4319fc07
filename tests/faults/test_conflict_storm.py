"""Everybody writes to one workspace at once, so all race for its head: each write happens once, or is refused whole.

The interleaving is exact: whenever the request commits, somebody else has just committed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from chalicelib.kernel import unit
from chalicelib.kernel.scope import for_system
from chalicelib.kernel.unit import ATTEMPTS
from tests.support import scopes
from tests.support.clients import Agent, Person
from tests.support.failing import Failing, Fault

CONFLICT = ("TransactionConflict", "None", "None")
LONGEST = 15.0


@pytest.fixture
def overtaken(workspace_id: str, dynamodb: Failing, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Let somebody else commit before each of the request's next commits; the list has the `seq` of each.

    The others are other processes, which do not take turns with this one.
    """
    monkeypatch.setattr(unit, "_LANES", [nullcontext()])

    def overtake(times: int) -> list[int]:
        others: list[int] = []
        carry_on = dynamodb.fault_of

        def commit_first(operation: str) -> Fault | None:
            if operation == "TransactWriteItems" and len(others) < times:
                scope = for_system(workspace_id)
                assert scope is not None
                scopes.emit_events(scope, 1)
                others.append(scope.head.seq + 1)
            return carry_on(operation)

        monkeypatch.setattr(dynamodb, "fault_of", commit_first)
        return others

    return overtake


def tasks(person: Person, ws: str) -> list[str]:
    return [task["title"] for task in person.ask("GET", f"/api/workspaces/{ws}/tasks")["items"]]


def seqs(person: Person, ws: str) -> list[int]:
    head: int = person.ask("GET", f"/api/workspaces/{ws}")["seq"]
    stream = person.events(ws, after=0)
    stream.wait_for(lambda frame: frame.id == str(head))
    return [int(frame.id) for frame in stream.frames if frame.id]


def test_a_write_that_is_overtaken_again_and_again_gets_through_once_and_no_event_is_lost(
    person: Person,
    workspace_id: str,
    dynamodb: Failing,
    pauses: list[float],
    overtaken: Callable[[int], list[int]],
) -> None:
    others = overtaken(20)
    answer = person.http.post(f"/api/workspaces/{workspace_id}/tasks", json={"title": "mine"})
    assert answer.status_code == 201
    assert len(others) == 20
    assert tasks(person, workspace_id) == ["mine"]
    assert seqs(person, workspace_id) == list(range(1, others[-1] + 2))


def test_a_write_that_always_loses_is_refused_with_the_time_to_wait_and_leaves_nothing(
    person: Person,
    workspace_id: str,
    dynamodb: Failing,
    pauses: list[float],
    overtaken: Callable[[int], list[int]],
) -> None:
    others = overtaken(10_000)
    answer = person.http.post(f"/api/workspaces/{workspace_id}/tasks", json={"title": "mine"})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (409, "busy", "1")
    assert answer.json()["detail"] == "Nothing was changed. Wait a second, then send the same again."
    assert len(others) == ATTEMPTS
    assert sum(pauses) < LONGEST
    assert tasks(person, workspace_id) == []
    assert seqs(person, workspace_id) == list(range(1, others[-1] + 1))


def test_conflicts_of_transactions_under_way_are_retried(
    person: Person, workspace_id: str, dynamodb: Failing, pauses: list[float]
) -> None:
    storm = dynamodb.put(Fault("TransactWriteItems", "TransactionCanceledException", times=30, reasons=CONFLICT))
    answer = person.http.post(f"/api/workspaces/{workspace_id}/tasks", json={"title": "mine"})
    assert (answer.status_code, storm.met) == (201, 30)
    assert tasks(person, workspace_id) == ["mine"]


def test_an_agent_is_told_in_a_tool_result(
    person: Person, workspace_id: str, agent: Agent, dynamodb: Failing, pauses: list[float]
) -> None:
    storm = dynamodb.put(Fault("TransactWriteItems", "TransactionCanceledException", reasons=CONFLICT))
    refused = agent.result("createTask", title="mine", body="")
    assert (refused["isError"], refused["structuredContent"]["code"]) == (True, "busy")
    assert refused["content"][0]["text"] == (
        "Too many writers at once. Nothing was changed. Wait a second, then send the same again."
    )
    storm.times = 0
    assert tasks(person, workspace_id) == []
