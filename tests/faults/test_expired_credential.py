"""Credentials for a workspace that are dead before their time, and an STS that does not answer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from chalicelib.kernel import clock
from tests.support.clients import Agent, Person
from tests.support.failing import Failing


class Clock:
    """The program's clock for credentials, some seconds later."""

    def __init__(self, began: datetime, seconds: float) -> None:
        self._now = began + timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._now


THROTTLED = ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "AssumeRole")
SILENT = ConnectTimeoutError(endpoint_url="https://sts")


def titles(person: Person, ws: str) -> list[str]:
    return [task["title"] for task in person.ask("GET", f"/api/workspaces/{ws}/tasks")["items"]]


def tenant_keys(dynamodb: Failing) -> set[str]:
    return {one.key_id for one in dynamodb.seen if one.key_id != "FUNCTION"}


def test_a_write_in_which_the_credentials_die_is_signed_anew_and_done_once(
    person: Person, workspace_id: str, dynamodb: Failing
) -> None:
    assert titles(person, workspace_id) == []
    dynamodb.dead_keys |= tenant_keys(dynamodb)
    answer = person.http.post(f"/api/workspaces/{workspace_id}/tasks", json={"title": "once"})
    assert answer.status_code == 201
    assert titles(person, workspace_id) == ["once"]
    assert dynamodb.assumed == [(workspace_id,)] * 2


def test_credentials_that_die_between_the_reading_and_the_commit_are_renewed_there(
    person: Person, workspace_id: str, agent: Agent, dynamodb: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.call("getWorkspace")
    first = tenant_keys(dynamodb)
    carried_out = dynamodb.fault_of

    def die_at_the_commit(operation: str) -> None:
        if operation == "BatchGetItem" and dynamodb.operations().count("BatchGetItem") >= 3:
            dynamodb.dead_keys |= first
        carried_out(operation)

    monkeypatch.setattr(dynamodb, "fault_of", die_at_the_commit)
    assert agent.result("createTask", title="once", body="")["isError"] is False
    commits = [one for one in dynamodb.seen if one.operation == "TransactWriteItems"]
    assert [one.key_id in first for one in commits] == [True, False]
    assert len({one.token for one in commits}) == 1
    assert titles(person, workspace_id) == ["once"]


@pytest.mark.parametrize("error", [THROTTLED, SILENT], ids=["throttled", "silent"])
def test_when_sts_gives_none_the_client_is_told_to_wait_and_nothing_was_done(
    error: Exception, person: Person, workspace_id: str, dynamodb: Failing
) -> None:
    dynamodb.assume_fails = [error]
    path = f"/api/workspaces/{workspace_id}/tasks"
    refused = person.http.post(path, json={"title": "once"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["code"] == "unavailable"
    assert "nothing was done" in refused.json()["detail"]
    assert person.http.post(path, json={"title": "once"}).status_code == 201
    assert titles(person, workspace_id) == ["once"]


def test_while_sts_is_away_credentials_in_use_serve_to_their_end(
    person: Person, workspace_id: str, dynamodb: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert titles(person, workspace_id) == []
    began = clock.now()
    for minutes, status in [(54, 200), (57, 200), (59.6, 503)]:
        monkeypatch.setattr("chalicelib.aws.credentials.clock", Clock(began, minutes * 60))
        dynamodb.assume_fails = [SILENT, SILENT]
        assert person.http.get(f"/api/workspaces/{workspace_id}/tasks").status_code == status
    assert dynamodb.assumed == [(workspace_id,)]


def test_a_dead_credential_of_the_function_itself_is_no_500(
    person: Person, workspace_id: str, dynamodb: Failing
) -> None:
    dynamodb.dead_keys.add("FUNCTION")
    answer = person.http.get("/api/workspaces")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
