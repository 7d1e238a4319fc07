"""DynamoDB carries a write out and its answer is lost: it is sent again with the same token, and is one write."""

from __future__ import annotations

import httpx
import pytest

from tests.support.clients import Agent, Person
from tests.support.failing import Failing, Fault

LOST = [
    pytest.param({"done": True}, id="the connection breaks"),
    pytest.param({"done": True, "code": "InternalServerError", "status": 500}, id="500"),
    pytest.param({"done": True, "code": "ServiceUnavailable", "status": 503}, id="503"),
]


def titles(person: Person, ws: str) -> list[str]:
    return [task["title"] for task in person.ask("GET", f"/api/workspaces/{ws}/tasks")["items"]]


def seq(person: Person, ws: str) -> int:
    number: int = person.ask("GET", f"/api/workspaces/{ws}")["seq"]
    return number


@pytest.mark.parametrize("how", LOST)
def test_a_write_whose_answer_is_lost_once_is_one_write_and_the_client_sees_nothing_of_it(
    how: dict[str, bool], person: Person, workspace_id: str, dynamodb: Failing, pauses: list[float]
) -> None:
    before = seq(person, workspace_id)
    dynamodb.put(Fault("TransactWriteItems", times=1, **how))  # type: ignore[arg-type]
    answer = person.http.post(f"/api/workspaces/{workspace_id}/tasks", json={"title": "once"})
    assert answer.status_code == 201
    tokens = [one.token for one in dynamodb.seen if one.operation == "TransactWriteItems"]
    assert len(tokens) == 2
    assert len(set(tokens)) == 1
    assert tokens[0]
    assert (titles(person, workspace_id), seq(person, workspace_id)) == (["once"], before + 1)


@pytest.mark.parametrize("how", LOST)
def test_when_no_answer_comes_at_all_the_client_repeats_with_its_key_and_gets_the_first_answer(
    how: dict[str, bool], person: Person, workspace_id: str, dynamodb: Failing, pauses: list[float]
) -> None:
    path, before = f"/api/workspaces/{workspace_id}/tasks", seq(person, workspace_id)

    def send() -> httpx.Response:
        return person.http.post(path, json={"title": "once"}, headers={"Idempotency-Key": "k"})

    fault = dynamodb.put(Fault("TransactWriteItems", **how))  # type: ignore[arg-type]
    refused = send()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["code"] == "unavailable"
    assert "idempotency key" in refused.json()["detail"]
    fault.times = 0
    again = send()
    assert again.status_code == 201
    assert (titles(person, workspace_id), seq(person, workspace_id)) == (["once"], before + 1)
    assert [again.json()["id"]] == [task["id"] for task in person.ask("GET", path)["items"]]


def test_an_agent_is_told_to_look_before_it_repeats(
    person: Person, workspace_id: str, agent: Agent, dynamodb: Failing, pauses: list[float]
) -> None:
    dynamodb.put(Fault("TransactWriteItems", times=3, done=True))
    refused = agent.result("createTask", title="once", body="")
    assert refused["isError"] is True
    assert "look before you repeat it" in refused["content"][0]["text"]
    assert titles(person, workspace_id) == ["once"]


def test_a_read_that_breaks_off_is_read_again(person: Person, workspace_id: str, dynamodb: Failing) -> None:
    dynamodb.put(Fault("Query", times=2))
    assert person.http.get(f"/api/workspaces/{workspace_id}/tasks").status_code == 200
