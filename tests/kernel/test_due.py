"""Due work: found by its time, a bounded amount a run, and one that fails stops nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.kernel import clock, directory, due
from chalicelib.kernel.directory import Due, DueKind
from chalicelib.kernel.ids import new_id
from chalicelib.onebox.program import Program

KIND: DueKind = "presence"


def enter(seconds: float) -> Due:
    one = Due(KIND, clock.after(seconds), new_id(), new_id())
    directory.write(directory.due_key(one), one)
    return one


@pytest.fixture(autouse=True)
def nothing_else_is_due(program: Program) -> Iterator[None]:
    def clear() -> None:
        while found := directory.due_by(KIND, clock.after(10**7), 200):
            for one in found:
                directory.remove(directory.due_key(one))

    clear()
    yield
    clear()


class Worker:
    def __init__(self, fails: Due | None = None) -> None:
        self.done: list[Due] = []
        self.fails = fails

    def __call__(self, one: Due) -> bool:
        if one == self.fails:
            raise OSError("not now")
        self.done.append(one)
        directory.remove(directory.due_key(one))
        return True


def test_what_is_due_is_done_oldest_first_and_what_is_not_waits() -> None:
    late, early, future = enter(-5), enter(-50), enter(500)
    worker = Worker()
    assert due.work_off(KIND, worker) == 2
    assert worker.done == [early, late]
    with clock.moved(501):
        due.work_off(KIND, worker)
    assert worker.done == [early, late, future]


def test_what_is_done_is_not_done_again() -> None:
    enter(-5)
    worker = Worker()
    assert [due.work_off(KIND, worker) for _ in range(2)] == [1, 0]


def test_one_that_fails_stays_due_and_does_not_stop_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due.log, "exception", lambda *arguments, **more: None)
    bad, good = enter(-50), enter(-5)
    worker = Worker(bad)
    assert due.work_off(KIND, worker) == 1
    assert worker.done == [good]
    worker.fails = None
    assert due.work_off(KIND, worker) == 1
    assert worker.done == [good, bad]


def test_a_run_does_a_bounded_amount_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "MOST_PER_RUN", 3)
    for number in range(7):
        enter(-100 + number)
    worker = Worker()
    assert [due.work_off(KIND, worker) for _ in range(4)] == [3, 3, 1, 0]
    assert len(set(worker.done)) == 7


def test_kinds_are_kept_apart() -> None:
    one = enter(-5)
    assert one not in directory.due_by("purge", clock.now(), 200)
