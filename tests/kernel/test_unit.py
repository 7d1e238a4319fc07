"""What a command sees of its own changes before they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit, run
from chalicelib.tasks import rules as tasks
from chalicelib.tasks.model import StoredTask
from chalicelib.tasks.rules import NewTask
from tests.support.clients import Person
from tests.support.scopes import of_person

T = TypeVar("T")


@pytest.fixture
def scope(person: Person, workspace_id: str) -> Scope:
    return of_person(person, workspace_id)


@pytest.fixture
def task_id(scope: Scope) -> str:
    return tasks.create(scope, NewTask(title="t")).id


@pytest.fixture
def in_unit(scope: Scope) -> Callable[[Callable[[Unit], object]], None]:
    def carry_out(command: Callable[[Unit], object]) -> None:
        def and_tell(unit: Unit) -> None:
            command(unit)
            unit.emit("test.happened")

        run(scope, type(None), and_tell)

    return carry_out


InUnit = Callable[[Callable[[Unit], object]], None]


def add(unit: Unit, task_id: str, letter: str) -> None:
    task = unit.get(StoredTask, task_id)
    task.title += letter
    unit.put(task)


def test_two_parts_of_a_command_that_change_one_entity_both_count(
    scope: Scope, task_id: str, in_unit: InUnit
) -> None:
    def command(unit: Unit) -> None:
        held = unit.get(StoredTask, task_id)
        add(unit, task_id, "a")
        held.body = "b"
        unit.put(held)

    in_unit(command)
    task = scope.get(StoredTask, task_id)
    assert (task.title, task.body) == ("ta", "b")


def test_an_entity_is_the_same_object_whenever_it_is_asked_for(task_id: str, in_unit: InUnit) -> None:
    def command(unit: Unit) -> None:
        assert unit.get(StoredTask, task_id) is unit.get(StoredTask, task_id)

    in_unit(command)


def test_what_was_put_is_found_though_nothing_is_written_yet(scope: Scope, task_id: str, in_unit: InUnit) -> None:
    def command(unit: Unit) -> None:
        copy = unit.get(StoredTask, task_id).changed(title="copy")
        unit.put(copy)
        assert unit.get(StoredTask, task_id) is copy
        assert scope.get(StoredTask, task_id).title == "t"

    in_unit(command)
    assert scope.get(StoredTask, task_id).title == "copy"


def test_what_was_removed_is_not_found_any_more(scope: Scope, task_id: str, in_unit: InUnit) -> None:
    def command(unit: Unit) -> None:
        unit.remove(unit.get(StoredTask, task_id))
        assert unit.find(StoredTask, task_id) is None

    in_unit(command)
    assert scope.find(StoredTask, task_id) is None


def test_what_was_removed_and_put_again_is_the_next_version(scope: Scope, task_id: str, in_unit: InUnit) -> None:
    def command(unit: Unit) -> None:
        task = unit.get(StoredTask, task_id)
        unit.remove(task)
        unit.put(task.changed(title="again"))

    in_unit(command)
    task = scope.get(StoredTask, task_id)
    assert (task.title, task.version) == ("again", 2)


def test_a_command_that_runs_again_begins_with_what_is_stored(scope: Scope, task_id: str) -> None:
    runs: list[str] = []

    def command(unit: Unit) -> None:
        add(unit, task_id, "x")
        unit.emit("test.happened")
        runs.append(unit.get(StoredTask, task_id).title)
        if len(runs) == 1:
            tasks.edit(scope, task_id, tasks.TaskChanges(title="theirs"))

    run(scope, type(None), command, reads=[StoredTask.key(task_id)])
    assert runs == ["tx", "theirsx"]
    assert scope.get(StoredTask, task_id).title == "theirsx"
