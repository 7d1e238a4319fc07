"""Asking for permission: one request however often it is repeated, one decision, and rules that say it for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from chalicelib.kernel.errors import Forbidden
from chalicelib.onebox.program import Program
from chalicelib.permissions import rulebook, rules
from chalicelib.permissions.rulebook import NewRule
from chalicelib.permissions.rules import Decision, Request
from tests.support.clients import Agent, Json, Person
from tests.support.scopes import of_agent, of_person
from tests.support.waiting import eventually

REQUEST = "notifications/claude/channel/permission_request"


class Desk:
    """Where one person decides what one agent asks."""

    def __init__(self, person: Person, workspace_id: str, agent: Agent) -> None:
        self.person, self.ws, self.agent = person, workspace_id, agent
        self.base = f"/api/workspaces/{workspace_id}/permissions"
        self.rules_base = f"/api/workspaces/{workspace_id}/permission_rules"

    def ask(self, command: str = "npm test", request_id: str = "r1", **more: object) -> Json:
        before = {one["id"] for one in self.listed()}
        params = {"request_id": request_id, "tool_name": "Bash", "input_preview": json.dumps({"command": command})}
        assert self.agent.notify(REQUEST, params | more).status_code == 202
        now = self.listed()
        return next((one for one in now if one["id"] not in before), now[0])

    def listed(self, **query: str) -> list[Json]:
        items: list[Json] = self.person.ask("GET", self.base, params=query)["items"]
        return items

    def decide(self, id: str, behavior: str, status: int = 200, **more: str) -> Json:
        body = {"behavior": behavior, **more}
        answer: Json = self.person.ask("PUT", f"{self.base}/{id}/decision", status, json=body)
        return answer

    def rules(self) -> list[Json]:
        items: list[Json] = self.person.ask("GET", self.rules_base)["items"]
        return items

    def add_rule(self, pattern: str) -> Json:
        body = {"tool_name": "Bash", "pattern": pattern}
        rule: Json = self.person.ask("POST", self.rules_base, 201, json=body)
        return rule


@pytest.fixture
def desk(person: Person, workspace_id: str, agent: Agent) -> Desk:
    return Desk(person, workspace_id, agent)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def waiting_call(program: Program, desk: Desk, pool: ThreadPoolExecutor, command: str = "make") -> Future[Json]:
    before = program.relay.stats().responses
    arguments = {"tool_name": "Bash", "description": "d", "input": json.dumps({"command": command})}
    call = pool.submit(lambda: desk.agent.call("requestPermission", **arguments))
    eventually(lambda: program.relay.stats().responses > before or call.done(), "the hold")
    assert not call.done(), call.result()
    return call


def test_a_request_shows_what_would_run_to_the_byte(desk: Desk) -> None:
    asked = desk.ask("npm  test # ä")
    assert asked["input"] == json.dumps({"command": "npm  test # ä"})
    assert (asked["status"], asked["tool_name"], asked["agent"]["id"]) == ("pending", "Bash", desk.agent.token_id)


@pytest.mark.parametrize(("behavior", "status"), [("allow", "allowed"), ("deny", "denied")])
def test_a_decision_is_recorded_with_who_when_and_why(desk: Desk, behavior: str, status: str) -> None:
    decided = desk.decide(desk.ask()["id"], behavior, reason="because")
    assert (decided["status"], decided["behavior"], decided["reason"]) == (status, behavior, "because")
    assert decided["decided_by"]["id"] == desk.person.id
    assert decided["decided_at"]
    assert desk.rules() == []


def test_a_second_decision_gets_the_first(desk: Desk) -> None:
    asked = desk.ask()
    first = desk.decide(asked["id"], "deny")
    for behavior in ("allow", "allow_always", "deny"):
        refused = desk.decide(asked["id"], behavior, 409)
        assert (refused["code"], refused["current"]) == ("already_decided", first)
    assert desk.listed() == [first]
    assert desk.rules() == []


def test_allow_always_writes_exactly_the_rule_that_was_shown(desk: Desk) -> None:
    asked = desk.ask("git status --short")
    desk.decide(asked["id"], "allow_always")
    (rule,) = desk.rules()
    assert asked["rule"] is not None
    assert (rule["tool_name"], rule["pattern"]) == ("Bash", asked["rule"])
    assert rule["created_by"]["id"] == desk.person.id


def test_a_rule_allows_and_the_allowance_is_recorded(desk: Desk) -> None:
    rule = desk.add_rule("git status")
    asked = desk.ask("git status")
    assert (asked["status"], asked["decided_by"]["kind"]) == ("allowed", "system")
    assert rule["pattern"] in asked["reason"]
    assert desk.person.ask("GET", f"/api/workspaces/{desk.ws}")["counts"]["waiting"] == 0


@pytest.mark.parametrize(
    "command",
    [
        "git status & rm -rf ~",
        "git status; rm -rf ~",
        "git status && rm -rf ~",
        "git status | sh",
        "git status $(rm -rf ~)",
        "git status `rm -rf ~`",
        "git status > ~/.bashrc",
        "git -c core.pager=evil status",
        "GIT_PAGER=evil git status",
        "git status\nrm -rf ~",
        "git statusx",
    ],
)
def test_a_rule_for_one_command_allows_no_other(desk: Desk, command: str) -> None:
    desk.add_rule("git status")
    assert desk.ask(command)["status"] == "pending"


@pytest.mark.parametrize(
    "cut",
    [
        '{"command": "git status',
        '{"command": "git status"…',
        "git status",
        '{"command":"git status"} …',
        '{"command": 1}',
    ],
)
def test_an_input_that_was_cut_off_never_matches_and_writes_no_rule(desk: Desk, cut: str) -> None:
    desk.add_rule("git status")
    desk.add_rule("git status *")
    asked = desk.ask(input_preview=cut)
    assert (asked["status"], asked["rule"]) == ("pending", None)
    refused = desk.decide(asked["id"], "allow_always", 422)
    assert refused["errors"][0]["path"] == "behavior"
    assert len(desk.rules()) == 2
    assert desk.listed()[0]["status"] == "pending"


def test_a_rule_that_is_removed_allows_nothing_any_more(desk: Desk) -> None:
    rule = desk.add_rule("git status")
    desk.person.ask("DELETE", f"{desk.rules_base}/{rule['id']}", 204)
    assert desk.ask("git status")["status"] == "pending"


def test_a_rule_that_is_removed_while_it_is_used_allows_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = desk.add_rule("git status")
    looked = rulebook.granting

    def remove_after_looking(*arguments: object) -> object:
        found = looked(*arguments)  # type: ignore[arg-type]  # passed on as they came
        monkeypatch.undo()
        rulebook.remove(of_person(desk.person, desk.ws), rule["id"])
        return found

    monkeypatch.setattr(rulebook, "granting", remove_after_looking)
    asked = Request(tool_name="Bash", description="", input='{"command": "git status"}', request_id="r")
    assert rules.request(of_agent(desk.agent), asked).status == "pending"


def test_the_same_request_id_is_one_request(desk: Desk) -> None:
    first = desk.ask()
    assert desk.ask() == first
    assert len(desk.listed()) == 1
    desk.decide(first["id"], "allow")
    desk.ask()
    assert len(desk.listed()) == 1


def test_the_same_request_id_of_another_agent_is_another_request(desk: Desk) -> None:
    desk.ask()
    other = Desk(desk.person, desk.ws, desk.person.agent(desk.ws, "other").initialize())
    other.ask()
    assert len({one["agent"]["id"] for one in desk.listed()}) == 2


def test_a_request_knows_its_task_where_the_agent_says_or_has_only_one(desk: Desk) -> None:
    task = desk.person.create_task(desk.ws)
    assert desk.ask(request_id="a")["task_id"] is None
    desk.agent.call("updateTaskStatus", task_id=task["id"], status="ongoing")
    assert desk.ask(request_id="b")["task_id"] == task["id"]
    other = desk.person.create_task(desk.ws)
    assert desk.ask(request_id="c", task_id=other["id"])["task_id"] == other["id"]
    path = f"/api/workspaces/{desk.ws}/tasks/{task['id']}"
    assert desk.person.ask("GET", path)["pending_permissions"] == 1
    desk.decide(next(one["id"] for one in desk.listed() if one["task_id"] == task["id"]), "deny")
    assert desk.person.ask("GET", path)["pending_permissions"] == 0


def test_a_call_that_waits_gets_the_decision(program: Program, desk: Desk, pool: ThreadPoolExecutor) -> None:
    call = waiting_call(program, desk, pool)
    desk.decide(desk.listed()[0]["id"], "deny", reason="not today")
    answer = call.result(10)
    assert (answer["status"], answer["behavior"], answer["reason"]) == ("decided", "deny", "not today")


def test_repeating_a_call_joins_the_request_and_gets_its_decision(
    program: Program, desk: Desk, pool: ThreadPoolExecutor
) -> None:
    asked = Request(tool_name="Bash", description="d", input='{"command": "make"}')
    first, second = (rules.request(of_agent(desk.agent), asked) for _ in range(2))
    call = waiting_call(program, desk, pool)
    assert [one["id"] for one in desk.listed()] == [first.id] == [second.id]
    desk.decide(first.id, "allow")
    assert (call.result(10)["permission_id"], call.result()["behavior"]) == (first.id, "allow")


def test_a_decision_that_was_made_while_nobody_waited_is_given_to_the_next_call(desk: Desk) -> None:
    scope = of_agent(desk.agent)
    asked = Request(tool_name="Bash", description="d", input='{"command": "make"}')
    permission = rules.request(scope, asked)
    desk.decide(permission.id, "allow")
    again = rules.request(of_agent(desk.agent), asked)
    assert (again.id, again.status) == (permission.id, "allowed")


def test_the_same_again_after_its_decision_was_taken_is_a_new_request(
    program: Program, desk: Desk, pool: ThreadPoolExecutor
) -> None:
    first = waiting_call(program, desk, pool)
    desk.decide(desk.listed()[0]["id"], "allow")
    assert first.result(10)["behavior"] == "allow"
    second = waiting_call(program, desk, pool)
    pending = desk.listed(status="pending")
    assert len(pending) == 1
    desk.decide(pending[0]["id"], "deny")
    assert second.result(10)["behavior"] == "deny"


def test_an_agent_cannot_decide_or_write_rules(desk: Desk) -> None:
    scope, asked = of_agent(desk.agent), desk.ask()
    with pytest.raises(Forbidden):
        rules.decide(scope, asked["id"], Decision(behavior="allow"))
    with pytest.raises(Forbidden):
        rulebook.add(scope, NewRule(tool_name="Bash", pattern="ls"))
    with pytest.raises(Forbidden):
        rulebook.remove(scope, desk.add_rule("git status")["id"])
    for method, path in (("PUT", f"{desk.base}/{asked['id']}/decision"), ("POST", desk.rules_base)):
        assert desk.agent.http.request(method, path, json={"behavior": "allow"}).status_code == 401
    assert desk.listed()[0]["status"] == "pending"


def test_a_deleted_task_takes_its_open_requests_with_it(desk: Desk) -> None:
    task = desk.person.create_task(desk.ws)
    asked = desk.ask(task_id=task["id"])
    desk.person.ask("DELETE", f"/api/workspaces/{desk.ws}/tasks/{task['id']}", 204)
    eventually(lambda: desk.listed(status="pending") == [], "the withdrawal")
    (denied,) = desk.listed()
    assert (denied["id"], denied["status"], denied["decided_by"]["kind"]) == (asked["id"], "denied", "system")
    assert desk.person.ask("GET", f"/api/workspaces/{desk.ws}")["counts"]["waiting"] == 0


def test_requests_are_listed_by_status_and_task(desk: Desk) -> None:
    task = desk.person.create_task(desk.ws)
    with_task, without = desk.ask(request_id="a", task_id=task["id"]), desk.ask(request_id="b")
    first = next(one for one in desk.listed() if one["task_id"])
    assert [one["id"] for one in desk.listed(task_id=task["id"])] == [first["id"]]
    desk.decide(first["id"], "allow")
    assert len(desk.listed(status="pending")) == 1
    assert [one["id"] for one in desk.listed(status="allowed")] == [first["id"]]
    assert {with_task["id"], without["id"]} <= {one["id"] for one in desk.listed()}
