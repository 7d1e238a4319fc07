"""A table that refuses work for a while: short ones are ridden out, long ones are told, and nothing is half done."""

from __future__ import annotations

import pytest

from tests.support.clients import Agent, Json, Person
from tests.support.failing import Failing, Fault
from tests.support.push import Browser

CODES = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")
REASONS = ("ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded")
# The longest that a request may wait for storage in all its retries of one call: API Gateway gives up after 29 s.
LONGEST = 15.0


def is_told_to_wait(answer: object) -> None:
    status, headers, body = answer.status_code, answer.headers, answer.json()  # type: ignore[attr-defined]
    assert (status, body["code"], headers["retry-after"]) == (503, "unavailable", "2")
    assert body["retry_after"] == 2
    assert headers["content-type"] == "application/problem+json"
    assert "did not do this" in body["detail"]


def tasks_of(person: Person, ws: str) -> list[str]:
    return [task["title"] for task in person.ask("GET", f"/api/workspaces/{ws}/tasks")["items"]]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("BatchGetItem", "/api/workspaces/{ws}"),
        ("Query", "/api/workspaces/{ws}/tasks"),
        ("GetItem", "/api/workspaces"),
        ("Query", "/api/overview"),
    ],
)
def test_a_read_is_retried_and_then_refused_with_the_time_to_wait(
    operation: str, path: str, code: str, person: Person, workspace_id: str, dynamodb: Failing, pauses: list[float]
) -> None:
    path = path.format(ws=workspace_id)
    short = dynamodb.put(Fault(operation, code, times=2))
    assert person.http.get(path).status_code == 200
    assert short.met == 2
    dynamodb.put(Fault(operation, code))
    is_told_to_wait(person.http.get(path))
    assert sum(pauses) < LONGEST


def test_what_is_left_of_a_batch_is_asked_for_again_a_bounded_number_of_times(
    person: Person, workspace_id: str, dynamodb: Failing, pauses: list[float]
) -> None:
    path = f"/api/workspaces/{workspace_id}"
    dynamodb.put(Fault("BatchGetItem", leave=True, times=5))
    assert person.http.get(path).status_code == 200
    assert len(pauses) == 5
    endless = dynamodb.put(Fault("BatchGetItem", leave=True))
    is_told_to_wait(person.http.get(path))
    assert endless.met < 10
    assert sum(pauses) < LONGEST


@pytest.mark.parametrize("reason", REASONS)
def test_a_write_that_is_cancelled_for_load_is_retried_and_then_refused_and_nothing_is_written(
    reason: str, person: Person, workspace_id: str, dynamodb: Failing, pauses: list[float]
) -> None:
    path, before = (
        f"/api/workspaces/{workspace_id}/tasks",
        person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"],
    )
    cancelled = {"code": "TransactionCanceledException", "reasons": ("None", reason, "None")}
    dynamodb.put(Fault("TransactWriteItems", times=3, **cancelled))  # type: ignore[arg-type]
    assert person.http.post(path, json={"title": "in the end"}).status_code == 201
    endless = dynamodb.put(Fault("TransactWriteItems", **cancelled))  # type: ignore[arg-type]
    is_told_to_wait(person.http.post(path, json={"title": "never"}))
    endless.times = 0
    assert tasks_of(person, workspace_id) == ["in the end"]
    assert person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"] == before + 1
    assert sum(pauses) < LONGEST


def test_an_agent_is_told_in_a_tool_result_and_may_send_the_same_again(
    person: Person, workspace_id: str, agent: Agent, dynamodb: Failing, pauses: list[float]
) -> None:
    task = {"title": "one", "body": ""}
    fault = dynamodb.put(Fault("TransactWriteItems", "ThrottlingException"))
    refused = agent.result("createTask", **task)
    assert refused["isError"] is True
    assert refused["structuredContent"]["code"] == "unavailable"
    assert refused["structuredContent"]["retry_after"] == 2
    assert refused["content"][0]["text"] == (
        "Not available right now. The storage has more to do than it can right now, and did not do this. "
        "Wait 2 seconds, then send the same again."
    )
    fault.times = 0
    assert agent.result("createTask", **task)["isError"] is False
    assert tasks_of(person, workspace_id) == ["one"]


def test_an_agent_whose_token_cannot_be_looked_up_is_told_to_wait_not_that_it_is_dead(
    agent: Agent, dynamodb: Failing, pauses: list[float]
) -> None:
    dynamodb.put(Fault("BatchGetItem", "ThrottlingException"))
    answer = agent.post("tools/list")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    error: Json = answer.json()["error"]
    assert error["data"]["code"] == "unavailable"
    assert "Wait 2 seconds" in error["message"]


def test_what_is_left_of_a_batch_of_writes_is_sent_again_a_bounded_number_of_times(
    person: Person, dynamodb: Failing, pauses: list[float]
) -> None:
    browser = Browser()
    dynamodb.put(Fault("BatchWriteItem", leave=True, times=5))
    browser.registered(person)
    assert len(pauses) == 5
    endless = dynamodb.put(Fault("BatchWriteItem", leave=True))
    is_told_to_wait(person.http.post("/api/push/devices", json=browser.subscription()))
    assert endless.met < 10
    endless.times = 0
    assert len(person.ask("GET", "/api/push")["devices"]) == 1
