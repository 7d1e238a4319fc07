"""Waiting for a reply: answered at once when it comes, never missed, and it says so when nobody comes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from chalicelib.kernel.mcp import calls
from chalicelib.onebox.program import Program
from tests.support.clients import Agent, Json, Person
from tests.support.waiting import eventually


@pytest.fixture
def question(agent: Agent) -> str:
    id: str = agent.call("createTask", title="Which?", body="", assignee="human")["task_id"]
    return id


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def held(program: Program, call: Callable[[], Json], pool: ThreadPoolExecutor) -> Future[Json]:
    """Start a call and wait until the relay holds it."""
    before = program.relay.stats().responses
    waiting = pool.submit(call)
    eventually(lambda: program.relay.stats().responses > before or waiting.done(), "the hold")
    assert not waiting.done(), waiting.result()
    return waiting


def test_a_held_call_is_answered_by_the_reply(
    program: Program, person: Person, workspace_id: str, agent: Agent, question: str, pool: ThreadPoolExecutor
) -> None:
    waiting = held(program, lambda: agent.call("waitForReply", task_id=question), pool)
    message = person.reply(workspace_id, question, "Postgres")
    answer = waiting.result(10)
    assert (answer["status"], answer["text"], answer["user"]) == ("answered", "Postgres", person.session.name)
    assert answer["message_id"] == message["id"]


def test_the_answer_says_the_same_as_text_and_as_structure(
    program: Program, person: Person, workspace_id: str, agent: Agent, question: str, pool: ThreadPoolExecutor
) -> None:
    waiting = held(program, lambda: agent.result("waitForReply", task_id=question), pool)
    person.reply(workspace_id, question, 'Ä\n"quoted"')
    result = waiting.result(10)
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert result["structuredContent"]["text"] == 'Ä\n"quoted"'


def test_a_reply_between_the_check_and_the_hold_is_not_missed(
    person: Person, workspace_id: str, agent: Agent, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, replied = calls._hold, threading.Event()

    def reply_first(*arguments: Any) -> Any:
        headers = hold(*arguments)
        if not replied.is_set():
            replied.set()
            stream = person.events(workspace_id)
            person.reply(workspace_id, question, "just now")
            stream.wait_for_type("reply.received")
        return headers

    monkeypatch.setattr(calls, "_hold", reply_first)
    answer = agent.call("waitForReply", task_id=question, timeout_s=10)
    assert replied.is_set()
    assert (answer["status"], answer["text"]) == ("answered", "just now")


def test_two_calls_that_wait_for_one_reply_both_get_it(
    program: Program, person: Person, workspace_id: str, agent: Agent, question: str, pool: ThreadPoolExecutor
) -> None:
    other = Agent(agent.url, workspace_id, agent.secret).initialize()
    waiting = [held(program, partial(one.call, "waitForReply", task_id=question), pool) for one in (agent, other)]
    person.reply(workspace_id, question, "both")
    assert [one.result(10)["text"] for one in waiting] == ["both", "both"]


def test_an_agents_own_message_answers_nobody(
    program: Program, person: Person, workspace_id: str, agent: Agent, question: str, pool: ThreadPoolExecutor
) -> None:
    other = Agent(agent.url, workspace_id, agent.secret).initialize()
    waiting = held(program, lambda: agent.call("waitForReply", task_id=question), pool)
    other.call("reply", chat_id=question, text="still there?")
    person.reply(workspace_id, question, "yes")
    assert waiting.result(10)["text"] == "yes"


@pytest.mark.parametrize("ended", ["completed", "rejected", "deleted"])
def test_a_call_that_waits_is_told_when_the_task_ends(
    program: Program,
    person: Person,
    workspace_id: str,
    agent: Agent,
    question: str,
    pool: ThreadPoolExecutor,
    ended: str,
) -> None:
    waiting = held(program, lambda: agent.result("waitForReply", task_id=question), pool)
    path = f"/api/workspaces/{workspace_id}/tasks/{question}"
    if ended == "deleted":
        person.ask("DELETE", path, 204)
    else:
        person.ask("PATCH", path, json={"status": ended})
    content = waiting.result(10)["structuredContent"]
    if ended == "deleted":
        assert content["code"] == "not_found"
    else:
        assert (content["status"], content["task_status"]) == ("closed", ended)


def test_a_reopened_task_can_be_waited_for_again(
    program: Program, person: Person, workspace_id: str, agent: Agent, question: str, pool: ThreadPoolExecutor
) -> None:
    path = f"/api/workspaces/{workspace_id}/tasks/{question}"
    person.ask("PATCH", path, json={"status": "completed"})
    assert agent.call("waitForReply", task_id=question)["status"] == "closed"
    person.ask("PATCH", path, json={"status": "ongoing"})
    waiting = held(program, lambda: agent.call("waitForReply", task_id=question), pool)
    person.reply(workspace_id, question, "again")
    assert waiting.result(10)["text"] == "again"


@pytest.mark.parametrize("seconds", [0, 1])
def test_when_nobody_comes_the_call_says_that_it_waits(agent: Agent, question: str, seconds: int) -> None:
    answer = agent.call("waitForReply", task_id=question, timeout_s=seconds)
    assert answer == {"status": "waiting", "task_id": question} | {
        key: value for key, value in answer.items() if value in (None, [])
    }


def test_after_names_the_reply_that_is_known(person: Person, workspace_id: str, agent: Agent, question: str) -> None:
    first, second, third = (person.reply(workspace_id, question, text) for text in ("1", "2", "3"))
    assert agent.call("waitForReply", task_id=question, after=first["id"])["message_id"] == second["id"]
    assert agent.call("waitForReply", task_id=question, after=second["id"])["message_id"] == third["id"]
    assert agent.call("waitForReply", task_id=question, after=third["id"], timeout_s=0)["status"] == "waiting"


def test_who_waits_is_seen_by_people_until_they_answer(person: Person, workspace_id: str, agent: Agent) -> None:
    id = person.create_task(workspace_id)["id"]
    agent.call("reply", chat_id=id, text="which?")
    agent.call("waitForReply", task_id=id, timeout_s=1)
    path = f"/api/workspaces/{workspace_id}/tasks/{id}"
    assert person.ask("GET", path)["waiting"]["kind"] == "question"
    assert [one["kind"] for one in person.ask("GET", "/api/inbox")["items"]] == ["question"]
    person.reply(workspace_id, id, "that one")
    assert person.ask("GET", path)["waiting"] is None
