from __future__ import annotations

import base64
import json

import pytest

from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.events import Event
from chalicelib.kernel.pages import start_after
from chalicelib.kernel.scope import Scope
from chalicelib.tasks.model import StoredTask
from tests.support.clients import Person
from tests.support.scopes import emit_events, of_person

COUNT = 25


@pytest.fixture
def scope(person: Person, workspace_id: str) -> Scope:
    scope = of_person(person, workspace_id)
    emit_events(scope, COUNT - 1)
    return scope


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 4, 5, 24, 25, 26])
def test_pages_of_any_size_are_the_whole_in_order(scope: Scope, limit: int, newest_first: bool) -> None:
    found: list[int] = []
    cursor, rounds = None, 0
    while rounds == 0 or cursor is not None:
        page = scope.list(Event, Event.key(""), limit, cursor, newest_first=newest_first)
        assert len(page.items) == min(limit, COUNT - len(found))
        found += [event.seq for event in page.items]
        cursor, rounds = page.next_cursor, rounds + 1
    expected = list(range(1, COUNT + 1))
    assert found == (expected[::-1] if newest_first else expected)
    assert rounds == -(-COUNT // limit)


def test_a_cursor_names_no_workspace(scope: Scope) -> None:
    cursor = scope.list(Event, Event.key(""), 3).next_cursor
    assert cursor is not None
    opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    assert scope.workspace_id not in opened


def test_a_cursor_of_one_workspace_shows_nothing_of_it_in_another(scope: Scope, person: Person) -> None:
    cursor = scope.list(Event, Event.key(""), 3).next_cursor
    other = of_person(person, person.create_workspace("other")["id"])
    assert all(event.workspace_id == other.workspace_id for event in other.list(Event, "event#", 9, cursor).items)


def text(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "a b",
        text({}),
        text([]),
        text([1]),
        text(["task#x"]),
        text(["event#x", "by_state"]),
        text(["event#x", "", 1]),
        text(["head"]),
    ],
)
def test_what_is_no_cursor_of_the_list_is_refused(scope: Scope, cursor: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        scope.list(Event, Event.key(""), 3, cursor)
    assert "cursor" in refused.value.detail


def test_a_cursor_may_begin_behind_what_is_not_there(scope: Scope) -> None:
    page = scope.list(Event, Event.key(""), 2, start_after("event#000000000010x"))
    assert [event.seq for event in page.items] == [11, 12]


def test_an_index_has_cursors_of_its_own(scope: Scope, person: Person) -> None:
    for title in "abc":
        person.create_task(scope.workspace_id, title)
    prefix = StoredTask.key("agent", "notstarted", "")
    first = scope.list(StoredTask, prefix, 2, index="by_state")
    rest = scope.list(StoredTask, prefix, 2, first.next_cursor, index="by_state")
    assert [task.title for task in (*first.items, *rest.items)] == ["a", "b", "c"]
    with pytest.raises(ValidationFailed):
        scope.list(StoredTask, StoredTask.key(""), 2, first.next_cursor)
