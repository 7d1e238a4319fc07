"""Lists of tasks and threads at some size: filters, search, order, pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.kernel.scope import Scope
from chalicelib.onebox.program import Program
from chalicelib.tasks import replies, rules
from chalicelib.tasks.model import Assignee, Status
from chalicelib.tasks.replies import NewMessage
from chalicelib.tasks.rules import NewTask
from chalicelib.tasks.status import legal
from tests.support.clients import Json, Person, new_client
from tests.support.reducer import pages
from tests.support.round_trips import recorded
from tests.support.scopes import of_person

COUNT = 300
STATUSES: list[Status] = ["notstarted", "ongoing", "completed"]


class Space:
    """Tasks 0…299: every third is for a person, and a third has each status."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.url, self.headers = person.http.base_url, person.http.headers
        self.id = person.create_workspace()["id"]
        scope = of_person(person, self.id)
        self.made = [self._make(scope, number) for number in range(COUNT)]

    def _make(self, scope: Scope, number: int) -> str:
        assignee: Assignee = "human" if number % 3 == 0 else "agent"
        id = rules.create(scope, NewTask(title=f"Task {number:03}", body="ÄÖ" * (number % 2), assignee=assignee)).id
        status = STATUSES[number // 100]
        if status in legal("notstarted", person=True):
            rules.set_status(scope, id, status)
        return id

    @property
    def path(self) -> str:
        return f"/api/workspaces/{self.id}/tasks"

    def numbers(self, **query: object) -> list[int]:
        return [int(task["title"][5:]) for task in pages(self.person, self.path, **query)]


_space: list[Space] = []


@pytest.fixture
def space(new_person: Callable[[], Person]) -> Space:
    if not _space:
        _space.append(Space(new_person()))
    space = _space[0]
    space.person.http = new_client(base_url=space.url, headers=space.headers)
    return space


@pytest.mark.parametrize("limit", [7, 50, 150, 200])
def test_pages_of_any_size_make_the_whole_list_newest_first(space: Space, limit: int) -> None:
    listed = [task["id"] for task in pages(space.person, space.path, limit=limit)]
    assert listed == sorted(space.made, reverse=True)


def test_a_page_has_fifty_unless_told_otherwise_and_at_most_two_hundred(space: Space) -> None:
    assert len(space.person.ask("GET", space.path)["items"]) == 50
    assert len(space.person.ask("GET", space.path, params={"limit": 200})["items"]) == 200
    for limit in (0, 201, "x"):
        space.person.ask("GET", space.path, 422, params={"limit": limit})


@pytest.mark.parametrize("limit", [13, 200])
def test_filters_choose_by_status_and_assignee_in_board_order(space: Space, limit: int) -> None:
    ongoing = space.numbers(status="ongoing", assignee="agent", limit=limit)
    assert ongoing == [n for n in range(100, 200) if n % 3]
    both = space.numbers(status="completed,notstarted", limit=limit)
    assert sorted(both) == [*range(100), *range(200, 300)]
    assert {n // 100 for n in both[:100]} == {2}
    assert sorted(space.numbers(assignee="human", limit=limit)) == list(range(0, 300, 3))
    assert space.numbers(status="blocked") == []
    space.person.ask("GET", space.path, 422, params={"status": "ongoing,unknown"})


def test_search_looks_at_titles_and_bodies_whatever_their_case(space: Space) -> None:
    assert sorted(space.numbers(q="task 07", limit=3)) == list(range(70, 80))
    assert sorted(space.numbers(q="äö")) == list(range(1, 300, 2))
    assert space.numbers(q="äö", status="ongoing", assignee="agent", limit=9) == [
        n for n in range(100, 200) if n % 3 and n % 2
    ]
    assert space.numbers(q="nowhere") == []


def test_a_search_looks_at_much_at_a_time_however_little_is_asked_for(space: Space, program: Program) -> None:
    assert program.engine is not None
    with recorded(program.engine) as recorder:
        answer = space.person.http.get(space.path, params={"q": "nowhere", "limit": 1})
    assert answer.json() == {"items": [], "next_cursor": None, "seq": answer.json()["seq"]}
    assert recorder.made_by(answer).count("query") == 2


def test_a_cursor_of_another_list_is_refused(space: Space) -> None:
    cursor = space.person.ask("GET", space.path, params={"limit": 5})["next_cursor"]
    for params in ({"status": "ongoing"}, {"assignee": "human"}):
        refused = space.person.ask("GET", space.path, 422, params={"cursor": cursor, **params})
        assert refused["errors"][0]["path"] == "cursor"
    for broken in ("x", "0.x", "99.", cursor[:-3], "0." + "A" * 40):
        space.person.ask("GET", space.path, 422, params={"cursor": broken})


def test_counts_are_those_of_the_list(space: Space) -> None:
    counts: Json = space.person.ask("GET", f"/api/workspaces/{space.id}")["counts"]
    waiting = sum(n % 3 == 0 for n in range(200))
    expected = {"notstarted": 100, "ongoing": 100, "completed": 100, "blocked": 0, "rejected": 0}
    assert counts == {**expected, "waiting": waiting, "agents": 0}


def test_a_thread_is_read_oldest_first_in_pages_and_after_a_message(person: Person, workspace_id: str) -> None:
    scope = of_person(person, workspace_id)
    task = person.create_task(workspace_id)
    ids = [replies.reply(scope, task["id"], NewMessage(text=f"m{number}")).id for number in range(60)]
    path = f"/api/workspaces/{workspace_id}/tasks/{task['id']}/messages"
    assert [message["id"] for message in pages(person, path, limit=7)] == ids
    assert [message["id"] for message in pages(person, path, after=ids[40], limit=7)] == ids[41:]


def test_a_task_may_belong_to_another_of_its_workspace_and_to_no_other(person: Person, workspace_id: str) -> None:
    parent = person.create_task(workspace_id)
    assert person.create_task(workspace_id, parent_id=parent["id"])["parent_id"] == parent["id"]
    elsewhere = person.create_task(person.create_workspace("other")["id"])
    for id in (elsewhere["id"], "0" * 11):
        path = f"/api/workspaces/{workspace_id}/tasks"
        assert person.ask("POST", path, 404, json={"title": "t", "parent_id": id})["code"] == "not_found"


def test_tasks_stand_in_the_order_of_their_positions(person: Person, workspace_id: str) -> None:
    made = [person.create_task(workspace_id, title) for title in "abc"]
    path = f"/api/workspaces/{workspace_id}/tasks"
    between = (made[0]["position"] + made[1]["position"]) / 2
    person.ask("PATCH", f"{path}/{made[2]['id']}", json={"position": between})
    assert [task["title"] for task in pages(person, path, status="notstarted", assignee="agent")] == ["a", "c", "b"]
    for position in (-1, 1e13, "1"):
        person.ask("PATCH", f"{path}/{made[0]['id']}", 422, json={"position": position})


def test_what_was_closed_last_comes_first_if_asked_for(person: Person, workspace_id: str) -> None:
    made = [person.create_task(workspace_id, title) for title in "abcd"]
    path = f"/api/workspaces/{workspace_id}/tasks"
    for number in (2, 0, 3):
        person.ask("PATCH", f"{path}/{made[number]['id']}", json={"status": "completed"})
    newest = pages(person, path, status="completed", order="last_first", limit=2)
    assert [task["title"] for task in newest] == ["d", "a", "c"]
    assert [task["title"] for task in pages(person, path, status="completed")] == ["c", "a", "d"]
    back = person.ask("PATCH", f"{path}/{made[0]['id']}", json={"status": "ongoing", "position": 1.5})
    assert back["position"] == 1.5
    person.ask("GET", path, 422, params={"order": "random"})


def test_nothing_of_a_deleted_task_can_be_read(person: Person, workspace_id: str) -> None:
    file = {"filename": "a.txt", "data": "YQ=="}
    task = person.create_task(workspace_id, attachments=[file])
    path = f"/api/workspaces/{workspace_id}/tasks/{task['id']}"
    message = person.ask("POST", f"{path}/messages", 201, json={"text": "x", "attachments": [file]})
    person.ask("DELETE", path, 204)
    attached = [one["id"] for one in (*task["attachments"], *message["attachments"])]
    for gone in (path, f"{path}/messages", *(f"/api/workspaces/{workspace_id}/attachments/{id}" for id in attached)):
        assert person.http.get(gone).status_code == 404
