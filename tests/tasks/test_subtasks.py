"""The sub-tasks of a task: always those that say so, in the order of their positions, whatever is done to them."""

from __future__ import annotations

import random

import pytest

from chalicelib.kernel import store
from chalicelib.kernel.errors import Problem
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit
from chalicelib.onebox.program import Program
from chalicelib.tasks import reading, rules
from chalicelib.tasks.model import Status
from chalicelib.tasks.rules import NewTask, TaskChanges
from tests.support.clients import Agent, Json, Person
from tests.support.reducer import pages
from tests.support.round_trips import Recorder
from tests.support.scopes import of_agent, of_person
from tests.support.waiting import everything_published


class Family:
    """One task and its sub-tasks."""

    def __init__(self, person: Person, ws: str) -> None:
        self.person, self.ws, self.path = person, ws, f"/api/workspaces/{ws}/tasks"
        self.parent: str = person.create_task(ws, "parent")["id"]

    def add(self, title: str, **more: object) -> Json:
        body = {"title": title, "parent_id": self.parent, **more}
        task: Json = self.person.ask("POST", self.path, 201, json=body)
        return task

    def patch(self, task: Json, **changes: object) -> Json:
        changed: Json = self.person.ask("PATCH", f"{self.path}/{task['id']}", json=changes)
        return changed

    def listed(self, **query: object) -> list[Json]:
        return pages(self.person, self.path, parent_id=self.parent, **query)

    def titles(self, **query: object) -> list[str]:
        return [task["title"] for task in self.listed(**query)]

    def links(self) -> int:
        """How many links are stored in the workspace."""
        rows = store.WorkspaceItem.query(self.ws, store.WorkspaceItem.sk.startswith("subtask#"), consistent_read=True)
        return len(list(rows))


@pytest.fixture
def family(person: Person, workspace_id: str) -> Family:
    return Family(person, workspace_id)


@pytest.fixture
def by_person(family: Family) -> Scope:
    return of_person(family.person, family.ws)


def test_a_task_without_sub_tasks_lists_none(family: Family) -> None:
    family.person.create_task(family.ws, "somebody else's")
    assert family.listed() == []


def test_sub_tasks_are_listed_as_they_are_in_the_order_of_their_positions(family: Family) -> None:
    made = [family.add(title) for title in "abc"]
    assert family.listed() == made
    family.patch(made[2], position=made[0]["position"] / 2)
    assert family.titles() == ["c", "a", "b"]
    assert family.titles(order="last_first") == ["b", "a", "c"]
    assert family.listed()[0]["position"] == made[0]["position"] / 2


def test_a_sub_task_is_a_task_among_the_others_too(family: Family) -> None:
    child = family.add("a")
    everything = [task["id"] for task in pages(family.person, family.path)]
    assert sorted(everything) == sorted([family.parent, child["id"]])


def test_only_the_nearest_belong_to_a_task_however_deep_they_go(family: Family) -> None:
    child = family.add("child")
    grandchild = family.person.create_task(family.ws, "grandchild", parent_id=child["id"])
    assert family.listed() == [child]
    assert pages(family.person, family.path, parent_id=child["id"]) == [grandchild]
    assert pages(family.person, family.path, parent_id=grandchild["id"]) == []


def test_an_agent_makes_sub_tasks_too(family: Family, agent: Agent) -> None:
    made = agent.call("createTask", title="by an agent", body="", parent_id=family.parent)
    assert [task["id"] for task in family.listed()] == [made["task_id"]]


def test_a_parent_cannot_be_changed_so_there_is_no_circle(family: Family) -> None:
    child = family.add("a")
    path = f"{family.path}/{family.parent}"
    refused = family.person.ask("PATCH", path, 422, json={"parent_id": child["id"]})
    assert refused["code"] == "validation_failed"
    family.person.ask("POST", family.path, 404, json={"title": "x", "parent_id": "0" * 11})
    assert family.links() == 1


def test_filters_choose_among_the_sub_tasks(family: Family) -> None:
    one, two = family.add("one", assignee="human"), family.add("two")
    family.add("three")
    family.patch(two, status="ongoing")
    family.patch(one, body="about TWO")
    family.person.create_task(family.ws, "two, of nobody")
    assert family.titles(status="ongoing") == ["two"]
    assert family.titles(status="ongoing,notstarted", assignee="agent") == ["two", "three"]
    assert family.titles(q="two") == ["one", "two"]
    assert family.titles(q="two", assignee="human", status="notstarted") == ["one"]
    assert family.titles(status="blocked") == []
    family.person.ask("GET", family.path, 422, params={"parent_id": family.parent, "status": "unknown"})
    family.person.ask("GET", family.path, 422, params={"parent_id": "../x"})


@pytest.mark.parametrize("limit", [1, 7, 99, 200])
def test_pages_of_any_size_make_the_whole_list(family: Family, by_person: Scope, limit: int) -> None:
    made = [rules.create(by_person, NewTask(title=f"t{n}", parent_id=family.parent)).id for n in range(31)]
    assert [task["id"] for task in family.listed(limit=limit)] == made
    assert [task["id"] for task in family.listed(limit=limit, order="last_first")] == made[::-1]
    odd = [id for number, id in enumerate(made) if "1" in str(number)]
    assert [task["id"] for task in family.listed(limit=limit, q="1")] == odd


def test_more_sub_tasks_than_one_read_brings_make_one_page(family: Family, by_person: Scope) -> None:
    made = [rules.create(by_person, NewTask(title="t", parent_id=family.parent)).id for _ in range(205)]
    page = family.person.ask("GET", family.path, params={"parent_id": family.parent, "limit": 200})
    assert [task["id"] for task in page["items"]] == made[:200]
    rest = family.person.ask(
        "GET", family.path, params={"parent_id": family.parent, "limit": 200, "cursor": page["next_cursor"]}
    )
    assert ([task["id"] for task in rest["items"]], rest["next_cursor"]) == (made[200:], None)


def test_a_search_looks_at_a_bounded_number_per_call_and_goes_on_where_it_stopped(
    family: Family, by_person: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_SEARCHED", 20)
    for number in range(50):
        rules.create(by_person, NewTask(title="last" if number == 49 else "t", parent_id=family.parent))
    first = family.person.ask("GET", family.path, params={"parent_id": family.parent, "q": "last", "limit": 10})
    assert (first["items"], first["next_cursor"] is None) == ([], False)
    assert family.titles(q="last", limit=10) == ["last"]


def test_a_cursor_of_another_tasks_sub_tasks_is_refused(family: Family, person: Person, workspace_id: str) -> None:
    for title in "ab":
        family.add(title)
    cursor = person.ask("GET", family.path, params={"parent_id": family.parent, "limit": 1})["next_cursor"]
    other = Family(person, workspace_id)
    for query in ({"parent_id": other.parent}, {}):
        refused = person.ask("GET", family.path, 422, params={"cursor": cursor, **query})
        assert refused["errors"][0]["path"] == "cursor"


def test_a_deleted_sub_task_is_not_listed_any_more(family: Family) -> None:
    one, two = family.add("one"), family.add("two")
    family.person.ask("DELETE", f"{family.path}/{one['id']}", 204)
    assert family.listed() == [two]
    assert family.links() == 1


def test_the_sub_tasks_of_a_deleted_task_stay_as_tasks_of_the_workspace(program: Program, family: Family) -> None:
    children = [family.add(title) for title in "ab"]
    family.person.ask("DELETE", f"{family.path}/{family.parent}", 204)
    assert family.listed() == []
    everything_published(program)
    assert (family.listed(), family.links()) == ([], 0)
    left = pages(family.person, family.path)
    assert sorted(task["id"] for task in left) == sorted(task["id"] for task in children)
    assert {task["parent_id"] for task in left} == {family.parent}
    assert family.patch(children[0], position=7, status="completed", title="goes on")["title"] == "goes on"
    family.person.ask("DELETE", f"{family.path}/{children[1]['id']}", 204)
    assert family.links() == 0


def test_a_task_of_another_workspace_has_no_sub_tasks_here(family: Family, person: Person) -> None:
    family.add("secret")
    elsewhere = person.create_workspace("other")["id"]
    for id in (family.parent, "0" * 11):
        assert pages(person, f"/api/workspaces/{elsewhere}/tasks", parent_id=id) == []


def test_the_list_is_what_the_tasks_say_after_any_number_of_changes(
    family: Family, agent: Agent, by_person: Scope
) -> None:
    """Closing a task moves it, for people and for agents, by an edit and by a tool."""
    chance = random.Random(7)
    children = [family.add(str(number))["id"] for number in range(12)]
    statuses: list[Status] = ["ongoing", "completed", "rejected", "blocked"]
    for _ in range(120):
        id, scope = chance.choice(children), chance.choice([by_person, of_agent(agent)])
        changes = TaskChanges(position=chance.uniform(0, 50)) if chance.random() < 0.5 else TaskChanges()
        if chance.random() < 0.5:
            changes.status = chance.choice(statuses)
        try:
            if scope.is_person:
                rules.edit(scope, id, changes)
            else:
                rules.set_status(scope, id, chance.choice(statuses))
        except Problem:
            continue
    told = [task for task in pages(family.person, family.path) if task["parent_id"] == family.parent]
    assert family.listed() == sorted(told, key=lambda task: (task["position"], task["id"]))


def test_a_move_that_races_with_the_removal_of_the_parent_leaves_no_link(
    program: Program, family: Family, by_person: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, commit = family.add("a"), Unit.commit
    runs: list[str] = []

    def lose_the_parent_first(unit: Unit) -> None:
        if unit.scope.workspace_id != family.ws:
            return commit(unit)
        runs.append(unit.events[0].type)
        if len(runs) == 1:
            rules.delete(by_person, family.parent)
            everything_published(program)
        return commit(unit)

    monkeypatch.setattr(Unit, "commit", lose_the_parent_first)
    assert rules.edit(by_person, child["id"], TaskChanges(position=9)).position == 9
    assert runs == ["task.updated", "task.deleted", "task.updated"]
    assert family.links() == 0


@pytest.mark.parametrize(
    "changes", [{"position": 9}, {"status": "completed"}, {"status": "completed", "position": 9}]
)
def test_to_move_a_sub_task_costs_what_any_write_costs(family: Family, recorder: Recorder, changes: Json) -> None:
    child = family.add("a")
    answer = family.person.http.patch(f"{family.path}/{child['id']}", json=changes)
    assert recorder.made_by(answer) == ["batch get", "batch get", "transact"]


def test_a_search_looks_at_many_at_a_time_however_few_are_asked_for(family: Family, recorder: Recorder) -> None:
    for title in "abc":
        family.add(title)
    answer = family.person.http.get(family.path, params={"parent_id": family.parent, "q": "nowhere", "limit": 1})
    assert answer.json()["items"] == []
    assert recorder.made_by(answer).count("query") == 1
