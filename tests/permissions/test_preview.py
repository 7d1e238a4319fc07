"""Trying a rule out before it is written: what it would allow, and in which words it would be refused."""

from __future__ import annotations

import json

import pytest

from chalicelib.kernel import room, store
from chalicelib.kernel.errors import Forbidden
from chalicelib.permissions import rulebook, rules
from chalicelib.permissions.rulebook import Trial
from chalicelib.permissions.rules import Request
from tests.support.clients import Agent, Json, Person
from tests.support.scopes import of_agent, of_person


class Trials:
    def __init__(self, person: Person, ws: str, agent: Agent) -> None:
        self.person, self.ws, self.agent = person, ws, agent
        self.rules = f"/api/workspaces/{ws}/permission_rules"
        self.path = f"{self.rules}/preview"

    def ask(self, command: str, tool_name: str = "Bash", **more: object) -> str:
        """An agent asks for permission; gives the id of the request."""
        input = json.dumps({"command": command, **more})
        asked = Request(tool_name=tool_name, description="", input=input, request_id=f"{tool_name} {command}")
        return rules.request(of_agent(self.agent), asked).id

    def preview(self, pattern: str, tool_name: str = "Bash", **more: object) -> Json:
        shown: Json = self.person.ask("POST", self.path, json={"tool_name": tool_name, "pattern": pattern, **more})
        return shown

    def matched(self, pattern: str, tool_name: str = "Bash") -> set[str]:
        return {one["id"] for one in self.preview(pattern, tool_name)["matched"]}

    def stored(self) -> list[tuple[str, int]]:
        rows = store.WorkspaceItem.query(self.ws, consistent_read=True)
        return [(row.sk, int(row.version)) for row in rows]


@pytest.fixture
def trials(person: Person, workspace_id: str, agent: Agent) -> Trials:
    return Trials(person, workspace_id, agent)


def test_where_nothing_was_asked_there_is_only_the_pattern(trials: Trials) -> None:
    assert trials.preview("  git   status ") == {
        "pattern": "git status",
        "allowed": None,
        "matched": [],
        "checked": 0,
    }


@pytest.mark.parametrize(
    ("pattern", "command", "allowed"),
    [
        ("git status", "git status", True),
        ("git status", "git status --short", False),
        ("npm test *", "npm test unit", True),
        ("npm test *", "npm test unit; rm -rf ~", False),
        ("git status", "git status && git status", True),
        ("git status", "git status && git diff", False),
    ],
)
def test_an_input_is_allowed_if_the_rule_alone_would_allow_it(
    trials: Trials, pattern: str, command: str, allowed: bool
) -> None:
    assert trials.preview(pattern, input=json.dumps({"command": command}))["allowed"] is allowed


@pytest.mark.parametrize("input", ["git status", "", '{"command": "git status', "[]"])
def test_an_input_that_is_not_understood_is_not_allowed(trials: Trials, input: str) -> None:
    assert trials.preview("git status", input=input)["allowed"] is False


def test_a_preview_and_the_rule_agree_on_every_request(trials: Trials) -> None:
    """What the preview says of a request is what happens to the same request once the rule is there."""
    commands = ["npm test", "npm test -- --watch", "npm test && npm run lint", "npm run lint", "npm test $(ls)"]
    asked = {trials.ask(command): command for command in commands}
    shown = trials.preview("npm test *")
    assert shown["checked"] == len(commands)
    trials.person.ask("POST", trials.rules, 201, json={"tool_name": "Bash", "pattern": shown["pattern"]})
    for id, command in asked.items():
        again = Request(tool_name="Bash", description="", input=json.dumps({"command": command}), request_id=id)
        allowed = rules.request(of_agent(trials.agent), again).status == "allowed"
        assert allowed is (id in {one["id"] for one in shown["matched"]}), command
    assert [one["input"] for one in shown["matched"]]


def test_requests_are_matched_whatever_became_of_them_and_shown_as_they_are(trials: Trials) -> None:
    ids = [trials.ask(command) for command in ("npm test", "npm test a", "npm test b")]
    base = f"/api/workspaces/{trials.ws}/permissions"
    for id, behavior in zip(ids[1:], ("allow", "deny"), strict=True):
        trials.person.ask("PUT", f"{base}/{id}/decision", json={"behavior": behavior})
    listed = trials.person.ask("GET", base)["items"]
    assert trials.preview("npm test *")["matched"] == listed


def test_a_rule_for_another_tool_matches_the_requests_of_that_tool_only(trials: Trials) -> None:
    shell, write = trials.ask("ls"), trials.ask("x", "Write", file_path="a.txt")
    assert trials.matched("ls") == {shell}
    assert trials.matched("*", "Write") == {write}
    assert trials.preview('{"file_path": "a.txt", "command": "x"}', "Write")["pattern"] == (
        '{"command":"x","file_path":"a.txt"}'
    )


@pytest.mark.parametrize(
    ("tool_name", "pattern"),
    [
        ("Bash", "*"),
        ("Bash", "ls; rm"),
        ("Bash", "python *"),
        ("Bash", "   "),
        ("Write", "not json"),
        ("mcp__x__bash", "*"),
        ("Ba sh", "ls"),
        ("Bash", "x" * 5_000),
        ("", "ls"),
        ("Bash", ""),
        ("Bash", "y" * 40_000),
    ],
)
def test_a_pattern_is_refused_as_it_would_be_when_the_rule_is_written(
    trials: Trials, tool_name: str, pattern: str
) -> None:
    body = {"tool_name": tool_name, "pattern": pattern}
    tried, written = (trials.person.http.post(path, json=body) for path in (trials.path, trials.rules))
    assert tried.status_code == written.status_code == 422
    assert tried.json() == written.json()


@pytest.mark.parametrize(
    "body",
    [
        {"tool_name": "Bash"},
        {"pattern": "ls"},
        {"tool_name": "Bash", "pattern": "ls", "input": {"command": "ls"}},
        {"tool_name": "Bash", "pattern": "ls", "input": "x" * (48 * 1024 + 1)},
        {"tool_name": "Bash", "pattern": "ls", "limit": 10},
    ],
    ids=["no pattern", "no tool", "an object", "too long", "unknown"],
)
def test_what_is_no_trial_is_refused(trials: Trials, body: Json) -> None:
    assert trials.person.ask("POST", trials.path, 422, json=body)["code"] == "validation_failed"


def test_it_writes_nothing_not_even_with_an_idempotency_key(trials: Trials) -> None:
    trials.ask("npm test")
    before = trials.stored()
    body = {"tool_name": "Bash", "pattern": "npm test *"}
    keyed = [trials.person.ask("POST", trials.path, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert keyed == [trials.preview("npm test *")] * 2
    assert trials.stored() == before
    assert trials.person.ask("GET", trials.rules)["items"] == []


def test_it_can_be_tried_in_an_archived_workspace(trials: Trials) -> None:
    id = trials.ask("ls")
    trials.person.ask("PUT", f"/api/workspaces/{trials.ws}/archive")
    assert trials.matched("ls") == {id}


def test_only_a_person_tries_rules(trials: Trials) -> None:
    with pytest.raises(Forbidden):
        rulebook.preview(of_agent(trials.agent), Trial(tool_name="Bash", pattern="ls"))
    refused = trials.agent.http.post(trials.path, json={"tool_name": "Bash", "pattern": "ls"})
    assert refused.status_code == 401


def test_requests_of_other_workspaces_are_not_looked_at(trials: Trials, person: Person) -> None:
    trials.ask("ls")
    elsewhere = Trials(person, (ws := person.create_workspace("other")["id"]), person.agent(ws).initialize())
    assert (elsewhere.preview("ls")["matched"], elsewhere.preview("ls")["checked"]) == ([], 0)


def test_it_looks_at_a_bounded_number_of_the_latest_requests(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(203):
        trials.ask(f"npm test {number}")
    shown = trials.preview("npm test *")
    assert (shown["checked"], len(shown["matched"])) == (200, 200)
    latest = trials.person.ask("GET", f"/api/workspaces/{trials.ws}/permissions?limit=200")["items"]
    assert shown["matched"] == latest
    monkeypatch.setattr(rulebook, "MOST_CHECKED", 3)
    assert (
        rulebook.preview(of_person(trials.person, trials.ws), Trial(tool_name="Bash", pattern="npm test *")).checked
        == 3
    )


def test_looks_at_no_more_than_an_answer_can_carry(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_ANSWERED", 10_000)
    for name in "abcd":
        trials.ask(f"git add {name * 2_000}")
    shown = trials.preview("git add *")
    assert 0 < shown["checked"] == len(shown["matched"]) < 4
