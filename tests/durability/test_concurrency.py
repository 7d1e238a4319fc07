"""Many at once in one workspace: each wins once, nothing is lost, the order has no gaps."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx
import pytest

from chalicelib.kernel import store
from chalicelib.kernel import unit as unit_of_work
from chalicelib.kernel.errors import Archived, Busy, Claimed, IdempotencyMismatch, VersionConflict
from chalicelib.kernel.scope import Idempotency, Scope, for_session
from chalicelib.kernel.unit import Unit, run
from chalicelib.tasks import replies
from chalicelib.tasks import rules as tasks
from chalicelib.tasks.model import StoredTask
from chalicelib.tasks.replies import NewMessage
from chalicelib.tasks.rules import NewTask, TaskChanges
from chalicelib.tokens import rules as tokens
from chalicelib.workspaces import rules as workspaces
from tests.support.clients import Agent, Json, Person, new_client
from tests.support.reducer import load, pages

T = TypeVar("T")
AGENTS, TASKS, WRITERS = 20, 100, 50


def all_at_once(number: int, work: Callable[[int], T]) -> list[T]:
    """`work` in `number` threads that start together."""
    together = threading.Barrier(number)

    def start(which: int) -> T:
        together.wait(10)
        return work(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(start, range(number)))


def told(person: Person, ws: str) -> list[Json]:
    head = person.ask("GET", f"/api/workspaces/{ws}")["seq"]
    stream = person.events(ws, after=0)
    stream.wait_for(lambda frame: frame.id == str(head))
    events = [frame.json for frame in stream.frames]
    assert [event["seq"] for event in events] == list(range(1, head + 1))
    return events


@pytest.fixture
def scope(person: Person, workspace_id: str) -> Scope:
    return for_session(person.session.id, person.id, workspace_id)


def test_twenty_agents_that_ask_at_once_get_each_of_a_hundred_tasks_exactly_once(
    person: Person, workspace_id: str, scope: Scope
) -> None:
    agents = [person.agent(workspace_id, f"a{number}").initialize() for number in range(AGENTS)]
    made = [tasks.create(scope, NewTask(title=f"t{number}")).id for number in range(TASKS)]
    began = time.perf_counter()

    def work(number: int) -> list[str]:
        mine = []
        while (task := agents[number].call("getNextTask")["task"]) is not None:
            mine.append(task["id"])
            agents[number].call("updateTaskStatus", task_id=task["id"], status="ongoing")
        return mine

    got = all_at_once(AGENTS, work)
    print(f"{TASKS} tasks claimed and started by {AGENTS} agents in {time.perf_counter() - began:.2f} s")
    assert sorted(id for mine in got for id in mine) == sorted(made)
    listed = {task["id"]: task["agent"]["id"] for task in pages(person, f"/api/workspaces/{workspace_id}/tasks")}
    assert listed == {id: agents[number].token_id for number, mine in enumerate(got) for id in mine}
    claimed = Counter(
        event["task"]["id"]
        for event in told(person, workspace_id)
        if event["type"] == "task.updated" and event["task"]["claim_expires_at"]
    )
    assert claimed == Counter(made)


def test_fifty_concurrent_writers_lose_no_update_and_leave_no_gap(person: Person, workspace_id: str) -> None:
    task = person.create_task(workspace_id)
    path = f"/api/workspaces/{workspace_id}/tasks"
    began = time.perf_counter()

    def write(number: int) -> list[int]:
        with httpx.Client(base_url=person.http.base_url, headers=person.http.headers, timeout=30) as http:
            return [
                http.post(f"{path}/{task['id']}/messages", json={"text": f"m{number}"}).status_code,
                http.post(path, json={"title": f"t{number}"}).status_code,
                http.patch(path.removesuffix("/tasks"), json={"mission": f"by {number}"}).status_code,
            ]

    assert all_at_once(WRITERS, write) == [[201, 201, 200]] * WRITERS
    print(f"{3 * WRITERS} writes by {WRITERS} writers in {time.perf_counter() - began:.2f} s")
    events = told(person, workspace_id)
    written = [event["message"]["text"] for event in events if event["type"] == "reply.received"]
    assert Counter(written) == Counter(f"m{number}" for number in range(WRITERS))
    thread = pages(person, f"{path}/{task['id']}/messages")
    assert [message["text"] for message in thread] == written
    now = load(person, workspace_id).state()
    assert now["task"][task["id"]]["messages"] == WRITERS
    assert now["workspace"]["it"]["counts"]["notstarted"] == WRITERS + 1
    versions = [event["workspace"]["version"] for event in events if event["type"] == "workspace.updated"]
    assert versions == list(range(2, WRITERS + 2))


def test_of_two_people_who_change_one_version_one_wins_and_the_other_is_shown_what_is(
    person: Person, workspace_id: str
) -> None:
    path = f"/api/workspaces/{workspace_id}/tasks/{person.create_task(workspace_id)['id']}"
    clients = [new_client(base_url=person.http.base_url, headers=person.http.headers) for _ in range(2)]
    changes = [{"title": f"by {number}", "version": 1} for number in range(2)]
    answers = all_at_once(2, lambda number: clients[number].patch(path, json=changes[number]))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert lost.json()["code"] == "version_conflict"
    assert lost.json()["current"] == won.json() == person.ask("GET", path)


def test_a_person_who_says_no_version_overwrites_knowingly(person: Person, workspace_id: str) -> None:
    path = f"/api/workspaces/{workspace_id}/tasks/{person.create_task(workspace_id)['id']}"
    answers = all_at_once(8, lambda number: Person.ask(person, "PATCH", path, json={"position": 100 + number}))
    assert sorted(answer["version"] for answer in answers) == list(range(2, 10))


def test_parallel_requests_with_one_key_are_one_request(person: Person, workspace_id: str) -> None:
    headers = {"Idempotency-Key": "once"}
    path = f"/api/workspaces/{workspace_id}/tasks"
    made = all_at_once(8, lambda _: person.ask("POST", path, 201, json={"title": "once"}, headers=headers))
    assert len({task["id"] for task in made}) == 1
    assert len(pages(person, path)) == 1


def test_one_of_many_decisions_stands(person: Person, workspace_id: str, agent: Agent) -> None:
    params = {"request_id": "r", "tool_name": "Bash", "input_preview": "{}"}
    agent.notify("notifications/claude/channel/permission_request", params)
    base = f"/api/workspaces/{workspace_id}/permissions"
    path = f"{base}/{person.ask('GET', base)['items'][0]['id']}/decision"
    wanted = ["allow", "deny"] * 4
    answers = all_at_once(8, lambda number: person.http.put(path, json={"behavior": wanted[number]}))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    first = next(answer.json() for answer in answers if answer.status_code == 200)
    assert all(answer.json()["current"] == first for answer in answers if answer.status_code == 409)


# Forced interleavings: what happens between the reading and the commit of a unit happens inside its command.


class Interrupted:
    """A command that lets `meanwhile` happen once, after it has read and before it commits."""

    def __init__(self, command: Callable[[Unit], StoredTask], meanwhile: Callable[[], object]) -> None:
        self.command, self.meanwhile, self.runs = command, meanwhile, 0

    def __call__(self, unit: Unit) -> StoredTask:
        self.runs += 1
        answer = self.command(unit)
        if self.runs == 1:
            self.meanwhile()
        return answer


def retitle(task_id: str, title: str) -> Callable[[Unit], StoredTask]:
    def command(unit: Unit) -> StoredTask:
        task = unit.get(StoredTask, task_id)
        task.title += title
        unit.put(task)
        unit.emit("task.updated", task=task)
        return task

    return command


@pytest.fixture
def task_id(scope: Scope) -> str:
    return tasks.create(scope, NewTask(title="t")).id


def test_a_lost_race_is_run_again_on_what_the_winner_left(scope: Scope, task_id: str) -> None:
    interrupted = Interrupted(
        retitle(task_id, "+mine"), lambda: tasks.edit(scope, task_id, TaskChanges(title="theirs"))
    )
    before = current_seq(scope)
    answer = run(scope, StoredTask, interrupted, reads=[StoredTask.key(task_id)])
    assert interrupted.runs == 2
    assert answer.title == "theirs+mine"
    assert scope.get(StoredTask, task_id).version == 3
    assert current_seq(scope) == before + 2


def test_a_write_elsewhere_in_the_workspace_is_a_lost_race_too(scope: Scope, task_id: str) -> None:
    interrupted = Interrupted(retitle(task_id, "!"), lambda: tasks.create(scope, NewTask(title="other")))
    run(scope, StoredTask, interrupted, reads=[StoredTask.key(task_id)])
    assert interrupted.runs == 2
    assert scope.get(StoredTask, task_id).title == "t!"


def test_a_workspace_archived_in_between_refuses_the_change(scope: Scope, task_id: str) -> None:
    interrupted = Interrupted(retitle(task_id, "!"), lambda: workspaces.archive(scope))
    with pytest.raises(Archived):
        run(scope, StoredTask, interrupted, reads=[StoredTask.key(task_id)])
    assert scope.get(StoredTask, task_id).title == "t"


def test_a_raced_idempotency_key_answers_with_the_first_result(scope: Scope, task_id: str) -> None:
    keyed = scope.with_idempotency(Idempotency("key", "same"))
    first: list[StoredTask] = []
    interrupted = Interrupted(
        retitle(task_id, "+second"),
        lambda: first.append(run(keyed, StoredTask, retitle(task_id, "+first"), reads=[StoredTask.key(task_id)])),
    )
    answer = run(keyed, StoredTask, interrupted, reads=[StoredTask.key(task_id)])
    assert interrupted.runs == 1
    assert answer.title == first[0].title == scope.get(StoredTask, task_id).title == "t+first"


def test_a_raced_key_with_other_content_is_refused(scope: Scope, task_id: str) -> None:
    mine, theirs = (scope.with_idempotency(Idempotency("key", content)) for content in "ab")
    reads = [StoredTask.key(task_id)]
    interrupted = Interrupted(
        retitle(task_id, "+mine"), lambda: run(theirs, StoredTask, retitle(task_id, "+theirs"), reads=reads)
    )
    with pytest.raises(IdempotencyMismatch):
        run(mine, StoredTask, interrupted, reads=reads)
    assert scope.get(StoredTask, task_id).title == "t+theirs"


def test_a_version_named_by_a_client_is_checked_against_the_winners(scope: Scope, task_id: str) -> None:
    tasks.edit(scope, task_id, TaskChanges(title="early", version=1))
    with pytest.raises(VersionConflict):
        tasks.edit(scope, task_id, TaskChanges(title="late", version=1))
    assert scope.get(StoredTask, task_id).title == "early"


def test_a_token_revoked_while_its_agent_writes_is_revoked(
    person: Person, workspace_id: str, scope: Scope, task_id: str
) -> None:
    agent = person.agent(workspace_id).initialize()
    interrupted = Interrupted(retitle(task_id, "!"), lambda: tokens.revoke(scope, agent.token_id))
    run(scope, StoredTask, interrupted, reads=[StoredTask.key(task_id)])
    assert agent.post("tools/list").status_code == 401


def test_a_change_and_a_reply_that_race_both_count(scope: Scope, task_id: str) -> None:
    interrupted = Interrupted(retitle(task_id, "!"), lambda: replies.reply(scope, task_id, NewMessage(text="hello")))
    run(scope, StoredTask, interrupted, reads=[StoredTask.key(task_id)])
    task = scope.get(StoredTask, task_id)
    assert (task.title, task.messages) == ("t!", 1)


def test_a_command_that_fails_writes_nothing(scope: Scope, task_id: str) -> None:
    def fail(unit: Unit) -> StoredTask:
        retitle(task_id, "!")(unit)
        raise Claimed("no")

    before = current_seq(scope)
    with pytest.raises(Claimed):
        run(scope, StoredTask, fail, reads=[StoredTask.key(task_id)])
    assert (scope.get(StoredTask, task_id).title, current_seq(scope)) == ("t", before)


def test_a_command_that_changes_nothing_writes_nothing(scope: Scope, calls: list[str]) -> None:
    assert run(scope, str, lambda unit: "looked") == "looked"
    assert calls == ["BatchGetItem"]


def test_a_unit_that_always_loses_says_so_and_writes_nothing(
    scope: Scope, task_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_of_work, "ATTEMPTS", 3)
    runs: list[int] = []

    def command(unit: Unit) -> StoredTask:
        runs.append(1)
        tasks.create(scope, NewTask(title="faster"))
        return retitle(task_id, "!")(unit)

    with pytest.raises(Busy):
        run(scope, StoredTask, command, reads=[StoredTask.key(task_id)])
    assert len(runs) == 3
    assert scope.get(StoredTask, task_id).title == "t"


def test_a_key_that_missed_one_task_remembers_the_one_it_got(scope: Scope, agent: Agent, person: Person) -> None:
    ids = [tasks.create(scope, NewTask(title=f"t{number}")).id for number in range(2)]
    meta = {"handrail/idempotency-key": "k"}
    arguments = {"name": "getNextTask", "arguments": {"workspace_id": scope.workspace_id}, "_meta": meta}
    other = person.agent(scope.workspace_id, "other").initialize()

    def ask() -> str | None:
        task = agent.post("tools/call", arguments).json()["result"]["structuredContent"]["task"]
        return task["id"] if task else None

    assert other.call("getNextTask")["task"]["id"] == ids[0]
    assert ask() == ids[1]
    agent.call("updateTaskStatus", task_id=ids[1], status="completed")
    assert ask() == ids[1]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    connection = store.connection()
    original = connection.dispatch

    def spy(operation: str, kwargs: Json) -> Json:
        seen.append(operation)
        answer: Json = original(operation, kwargs)
        return answer

    monkeypatch.setattr(connection, "dispatch", spy)
    return seen


def current_seq(scope: Scope) -> int:
    return int(store.batch_get([scope.key("head")])[0][scope.key("head")].seq)
