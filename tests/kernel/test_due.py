"""Due work: found by its time, a bounded amount a run, and one that fails stops nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import pytest

from chalicelib.kernel import clock, directory, due
from chalicelib.kernel.directory import Aside, Due, DueKind
from chalicelib.kernel.due import Kind
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.settings import MINUTE
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


class Garbage(msgspec.Struct):
    kind: str


class Worker:
    def __init__(self, fails: Due | None = None) -> None:
        self.done: list[Due] = []
        self.fails = fails

    def __call__(self, one: Due) -> bool:
        if self.fails is not None and one.id == self.fails.id:
            raise OSError("not now")
        self.done.append(one)
        directory.remove(directory.due_key(one))
        return True


def run(worker: Worker, seconds: float = due.USUAL_SECONDS) -> dict[str, int]:
    return due.run([Kind(KIND, "done", worker)], seconds)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due.log, "exception", lambda *arguments, **more: None)
    monkeypatch.setattr(directory.log, "error", lambda *arguments, **more: None)


def set_aside() -> int:
    return len(directory.beneath(directory.ASIDE, f"{KIND}#", Aside))


def test_what_is_due_is_done_oldest_first_and_what_is_not_waits() -> None:
    late, early, future = enter(-5), enter(-50), enter(500)
    worker = Worker()
    assert run(worker)["done"] == 2
    assert worker.done == [early, late]
    with clock.moved(501):
        run(worker)
    assert worker.done == [early, late, future]


def test_what_is_done_is_not_done_again() -> None:
    enter(-5)
    worker = Worker()
    assert [run(worker)["done"] for _ in range(2)] == [1, 0]


@pytest.mark.usefixtures("quiet")
def test_one_that_fails_does_not_stop_the_rest_and_is_tried_again() -> None:
    bad, good = enter(-50), enter(-5)
    worker = Worker(bad)
    numbers = run(worker)
    assert (numbers["done"], numbers["failed"]) == (1, 1)
    assert worker.done == [good]
    worker.fails = None
    assert run(worker)["done"] == 0
    with clock.moved(MINUTE + 1):
        assert run(worker)["done"] == 1
    assert [one.id for one in worker.done] == [good.id, bad.id]


@pytest.mark.usefixtures("quiet")
def test_one_that_always_fails_is_tried_less_and_less_often_and_then_set_aside() -> None:
    enter(-1)
    tries: list[float] = []

    def fails(one: Due) -> int:
        tries.append(clock.now().timestamp())
        raise OSError("poison")

    before = set_aside()
    seconds = 0.0
    while set_aside() == before:
        with clock.moved(seconds):
            due.run([Kind(KIND, "done", fails)])
        seconds += 30
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert len(tries) == due.MOST_ATTEMPTS
    assert all(later > 1.5 * earlier for earlier, later in pairwise(pauses))
    with clock.moved(10**6):
        assert due.run([Kind(KIND, "done", fails)])["set aside"] >= 1
        assert len(tries) == due.MOST_ATTEMPTS
    (aside,) = directory.beneath(directory.ASIDE, f"{KIND}#", Aside)[before:]
    assert "poison" in aside.reason
    assert directory.put_back() >= 1
    worker = Worker()
    with clock.moved(1):
        assert run(worker)["done"] == 1
    assert worker.done[0].attempts == 0


@pytest.mark.usefixtures("quiet")
def test_an_entry_that_cannot_be_read_is_set_aside_and_does_not_stop_the_rest() -> None:
    broken, good = enter(-50), enter(-5)
    directory.write(directory.due_key(broken), Garbage(kind="presence"))
    before, worker = set_aside(), Worker()
    assert run(worker)["done"] == 1
    assert (worker.done, set_aside()) == ([good], before + 1)


@pytest.mark.usefixtures("quiet")
def test_a_kind_that_fails_does_not_stop_the_others() -> None:
    enter(-5)

    def fails(page: Sequence[Due]) -> list[Due]:
        raise OSError("throttled")

    worker = Worker()
    kinds = [Kind(KIND, "never", worker, fails), Kind(KIND, "done", worker)]
    assert due.run(kinds) | {"set aside": 0} == {
        "never": 0,
        "done": 1,
        "failed": 1,
        "kinds not finished": 0,
        "set aside": 0,
    }


def test_a_run_without_more_time_leaves_the_rest_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "PAGE", 3)
    ticks = iter(range(10_000))
    monkeypatch.setattr("chalicelib.kernel.due.monotonic", lambda: float(next(ticks)))
    for number in range(7):
        enter(-100 + number)
    worker = Worker()
    assert run(worker, 5)["kinds not finished"] == 1
    assert 0 < len(worker.done) < 7
    numbers = run(worker, 1_000)
    assert numbers["kinds not finished"] == 0
    assert len(worker.done) == len(set(worker.done)) == 7


def test_kinds_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind with much to do does not keep a run from the others."""
    monkeypatch.setattr(due, "PAGE", 2)
    order: list[str] = []

    def slow(one: Due) -> int:
        order.append("slow")
        if order.count("slow") == 6:
            directory.remove(directory.due_key(one))
        return 1

    def other(page: Sequence[Due]) -> list[Due]:
        order.append("other")
        return []

    enter(-5)
    due.run([Kind(KIND, "slow", slow), Kind("purge", "other", slow, other)])
    assert order[:3] == ["slow", "other", "slow"]


def test_the_time_of_a_run_is_what_lambda_gives_less_a_reserve() -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    assert due.time_for(Context()) == 60 - due.SPARED_SECONDS
    assert due.time_for(None) == due.USUAL_SECONDS


def test_kinds_are_kept_apart() -> None:
    one = enter(-5)
    assert one not in directory.due_by("purge", clock.now(), 200)


def test_a_kind_that_is_written_often_is_spread_over_partitions() -> None:
    entries = [enter(-100 + number) for number in range(40)]
    partitions = {directory.due_key(one)[0] for one in entries}
    assert 1 < len(partitions) <= directory.SHARDS[KIND]
    assert directory.due_by(KIND, clock.now(), 10) == entries[:10]
