"""A person's inbox over all their workspaces, page by page, while it changes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from string import ascii_lowercase

import pytest

from chalicelib.inbox import reading
from chalicelib.kernel import clock
from chalicelib.onebox.program import Program
from chalicelib.permissions.model import StoredPermission
from tests.support.clients import Agent, Json, Person
from tests.support.round_trips import recorded
from tests.support.scopes import of_agent


class Places:
    """Workspaces of one person, in which questions and permission requests wait."""

    def __init__(self, person: Person, number: int) -> None:
        self.person = person
        self.ids = [person.create_workspace(f"Workspace {one}")["id"] for one in range(number)]
        self.agents = [person.agent(ws).initialize() for ws in self.ids]

    def fill(self, rounds: int) -> list[str]:
        """In each round something begins to wait in every workspace; the ids, in that order."""
        made = []
        for one in range(rounds):
            for agent in self.agents:
                made.append(ask(agent, one) if one % 3 == 2 else question(agent, one))
        return made

    def page(self, limit: int, cursor: str | None = None) -> Json:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer: Json = self.person.ask("GET", "/api/inbox", params=query)
        return answer

    def pages(self, limit: int) -> Iterator[list[Json]]:
        cursor = None
        while True:
            page = self.page(limit, cursor)
            yield page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def everything(self, limit: int) -> list[str]:
        return [id_of(item) for items in self.pages(limit) for item in items]


def question(agent: Agent, number: int) -> str:
    created: str = agent.call("createTask", title=f"Question {number}", body="?", assignee="human")["task_id"]
    return created


def ask(agent: Agent, number: int) -> str:
    params = {
        "request_id": f"abcd{ascii_lowercase[number]}",
        "tool_name": "Bash",
        "description": "",
        "input_preview": "ls",
    }
    before = {item["id"] for item in pending(agent)}
    assert agent.notify("notifications/claude/channel/permission_request", params).status_code == 202
    (new,) = [item["id"] for item in pending(agent) if item["id"] not in before]
    return str(new)


def pending(agent: Agent) -> list[Json]:
    found = of_agent(agent).list(StoredPermission, StoredPermission.key(""), 200).items
    return [{"id": one.id} for one in found]


def id_of(item: Json) -> str:
    return str((item["permission"] or item["task"])["id"])


@pytest.fixture
def places(person: Person) -> Places:
    return Places(person, 3)


@pytest.mark.parametrize("limit", [1, 2, 5, 11, 12, 13, 200])
def test_pages_of_any_size_are_all_that_waits_the_oldest_first(places: Places, limit: int) -> None:
    made = places.fill(4)
    assert places.everything(limit) == made
    assert all(len(items) <= limit for items in places.pages(limit))


def test_what_is_settled_between_two_pages_makes_nothing_skipped_or_doubled(places: Places) -> None:
    made = places.fill(6)
    seen: list[str] = []
    for items in places.pages(4):
        seen += [id_of(item) for item in items]
        for item in items:
            settle(places.person, item)
    assert seen == made
    assert places.page(200)["items"] == []


def test_what_is_settled_before_it_comes_does_not_come_and_the_rest_does(places: Places) -> None:
    made = places.fill(6)
    first = places.page(5)
    later = places.page(200)["items"][7]
    settle(places.person, later)
    rest = places.page(200, first["next_cursor"])
    assert [id_of(item) for item in (*first["items"], *rest["items"])] == [id for id in made if id != id_of(later)]


def test_what_begins_to_wait_between_two_pages_comes_at_the_end(places: Places) -> None:
    made = places.fill(2)
    first = places.page(3)
    new = question(places.agents[0], 99)
    rest = places.page(200, first["next_cursor"])
    assert [id_of(item) for item in (*first["items"], *rest["items"])] == [*made, new]


def settle(person: Person, item: Json) -> None:
    base = f"/api/workspaces/{item['workspace']['id']}"
    if item["permission"]:
        person.ask("PUT", f"{base}/permissions/{item['permission']['id']}/decision", json={"behavior": "deny"})
    else:
        person.ask("PATCH", f"{base}/tasks/{item['task']['id']}", json={"status": "rejected"})


def test_more_than_two_hundred_in_one_workspace_all_come(person: Person) -> None:
    places = Places(person, 1)
    made = [question(places.agents[0], number) for number in range(205)]
    assert places.everything(200) == made


def test_things_that_wait_since_the_same_moment_all_come(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = clock.now().replace(microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: moment)
    made = {question(agent, number) for number in range(3) for agent in places.agents}
    monkeypatch.undo()
    found = places.everything(2)
    assert (len(found), set(found)) == (9, made)


def test_archived_workspaces_are_left_out_until_they_are_restored(places: Places) -> None:
    made = places.fill(1)
    place = f"/api/workspaces/{places.ids[1]}/archive"
    places.person.ask("PUT", place)
    assert places.everything(1) == [made[0], made[2]]
    places.person.ask("DELETE", place)
    assert places.everything(1) == made


def test_no_more_is_read_than_a_page_may_need(places: Places, program: Program) -> None:
    places.fill(20)
    assert program.engine is not None
    with recorded(program.engine) as recorder:
        answer = places.person.http.get("/api/inbox?limit=5")
        # The session, memberships and heads; then ten of each kind of each workspace, and the tasks of none.
        assert recorder.made_by(answer) == ["get", "query", "batch get", *["query"] * 6]
    assert reading.LEAST_AT_ONCE == 10


def text(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode()


@pytest.mark.parametrize(
    "cursor", ["x", "200", "2026-01-01T00:00:00+00:00", "#", "2026-01-01T00:00:00+00:00#x", text("x")]
)
def test_what_is_no_cursor_is_refused(places: Places, cursor: str) -> None:
    answer = places.person.http.get("/api/inbox", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "cursor")
