"""How often somebody may call, with a clock that only moves when a test moves it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from pynamodb.exceptions import UpdateError

from chalicelib.kernel import rates
from chalicelib.kernel.errors import RateLimited
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.rates import BLOCK, DirectoryBuckets, Limiter, Rate
from chalicelib.onebox.program import Program
from tests.support.round_trips import recorded

RATE = Rate(per_second=2, burst=20)


@dataclass
class Clock:
    at: float = 1_000_000.0

    def __call__(self) -> float:
        return self.at


class Unreachable:
    def __init__(self) -> None:
        self.asked = 0

    def take(self, key: str, permits: int, rate: Rate, now: float) -> float:
        self.asked += 1
        raise UpdateError("throttled")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def served(limiter: Limiter, caller: str = "a", most: int = 1000, rate: Rate = RATE) -> int:
    """How many calls in a row are served before the first that is refused."""
    for number in range(most):
        try:
            limiter.take("token", caller, rate)
        except RateLimited:
            return number
    return most


def test_a_burst_is_served_and_the_next_call_is_told_when_to_come_back(clock: Clock) -> None:
    limiter = Limiter(now=clock)
    assert served(limiter) == RATE.burst
    with pytest.raises(RateLimited) as refused:
        limiter.take("token", "a", RATE)
    assert refused.value.retry_after == 1
    clock.at += 0.5
    assert served(limiter) == 1


def test_who_waits_as_long_as_told_is_served(clock: Clock) -> None:
    slow = Rate(per_second=0.1, burst=1)
    limiter = Limiter(now=clock)
    assert served(limiter, rate=slow) == 1
    with pytest.raises(RateLimited) as refused:
        limiter.take("token", "a", slow)
    clock.at += refused.value.retry_after - 1
    assert served(limiter, rate=slow) == 0
    clock.at += 1
    assert served(limiter, rate=slow) == 1


def test_over_time_it_is_the_rate_that_is_served(clock: Clock) -> None:
    limiter = Limiter(now=clock)
    total = served(limiter)
    for _ in range(100):
        clock.at += 0.25
        total += served(limiter)
    assert total == RATE.burst + 25 * RATE.per_second


def test_refused_calls_cost_nothing(clock: Clock) -> None:
    limiter = Limiter(now=clock)
    assert [served(limiter) for _ in range(50)] == [RATE.burst] + [0] * 49
    clock.at += RATE.burst / RATE.per_second
    assert served(limiter) == RATE.burst


def test_callers_do_not_use_each_others_permits(clock: Clock) -> None:
    limiter = Limiter(now=clock)
    assert served(limiter, "a") == served(limiter, "b") == RATE.burst
    limiter.take("person", "a", RATE)


def test_a_rate_of_zero_is_no_limit(clock: Clock) -> None:
    assert served(Limiter(now=clock), rate=Rate(0, 1), most=500) == 500


def test_threads_together_get_no_more_than_a_burst(clock: Clock) -> None:
    limiter = Limiter(now=clock)
    with ThreadPoolExecutor(16) as pool:
        counts = list(pool.map(lambda _: served(limiter, most=RATE.burst), range(16)))
    assert sum(counts) == RATE.burst


def test_no_more_callers_are_remembered_than_fit(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_CALLERS", 10)
    limiter = Limiter(now=clock)
    for number in range(50):
        limiter.take("address", str(number), RATE)
    assert len(limiter._buckets) == 10


@pytest.fixture
def processes(program: Program, clock: Clock) -> Callable[[int], list[Limiter]]:
    """Limiters of several processes that share the directory."""
    return lambda number: [Limiter(DirectoryBuckets(), clock) for _ in range(number)]


def test_processes_that_share_a_caller_get_a_burst_and_less_than_a_block_each(
    processes: Callable[[int], list[Limiter]],
) -> None:
    caller, several = new_id(), processes(8)
    total = sum(served(limiter, caller) for limiter in several)
    assert RATE.burst <= total <= RATE.burst + len(several) * (BLOCK - 1)


def test_processes_together_serve_the_rate_over_time(processes: Callable[[int], list[Limiter]], clock: Clock) -> None:
    caller, several = new_id(), processes(4)
    for limiter in several:
        served(limiter, caller)
    total = 0
    for _ in range(60):
        clock.at += 1
        total += sum(served(limiter, caller) for limiter in several)
    assert 60 * RATE.per_second - BLOCK <= total <= 60 * RATE.per_second + len(several) * BLOCK


def test_processes_at_the_same_time_get_no_more_blocks_than_there_are(
    processes: Callable[[int], list[Limiter]],
) -> None:
    caller, several = new_id(), processes(16)
    with ThreadPoolExecutor(16) as pool:
        total = sum(pool.map(lambda limiter: served(limiter, caller), several))
    assert total <= RATE.burst + len(several) * (BLOCK - 1)


def test_what_one_caller_used_up_is_not_missing_for_another(processes: Callable[[int], list[Limiter]]) -> None:
    (limiter,) = processes(1)
    first, second = new_id(), new_id()
    assert served(limiter, first) == served(limiter, second) == RATE.burst


def test_a_block_is_one_write_and_fewer_calls_are_none(
    program: Program, processes: Callable[[int], list[Limiter]]
) -> None:
    (limiter,) = processes(1)
    caller = new_id()
    assert program.engine is not None
    with recorded(program.engine) as recorder:
        served(limiter, caller, most=BLOCK - 1)
        assert recorder.made_here().count("update") == 0
        served(limiter, caller, most=1)
        assert recorder.made_here().count("update") == 1


def test_who_calls_seldom_costs_nothing(
    program: Program, processes: Callable[[int], list[Limiter]], clock: Clock
) -> None:
    (limiter,) = processes(1)
    caller = new_id()
    assert program.engine is not None
    with recorded(program.engine) as recorder:
        for _ in range(30):
            clock.at += 10
            limiter.take("token", caller, RATE)
        assert recorder.made_here().count("update") == 0


def test_a_shared_bucket_that_cannot_be_reached_stops_nobody_but_each_process_still_limits(clock: Clock) -> None:
    shared = Unreachable()
    limiter = Limiter(shared, clock)
    assert served(limiter) == RATE.burst
    assert shared.asked == 1
    clock.at += rates.REST_AFTER_FAILURE
    served(limiter)
    assert shared.asked == 2
