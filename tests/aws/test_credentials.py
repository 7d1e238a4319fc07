"""Credentials for workspaces: made once, kept while they are good, renewed in time, never shared by mistake."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.aws import credentials
from chalicelib.aws.credentials import FRESH, MOST_TOGETHER, USABLE, Narrowed, tags_of
from chalicelib.kernel.errors import Unavailable
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.settings import ConfigurationError, Settings
from chalicelib.kernel.tenancy import Outside, Reach

A, B, C = new_id(), new_id(), new_id()
SILENT = ReadTimeoutError(endpoint_url="https://sts")


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(credentials, "clock", moved)
    return moved


class TokenService:
    def __init__(self) -> None:
        self.asked: list[Reach] = []
        self.fails: Exception | None = None
        self.during: Callable[[], None] = lambda: None

    def assume(self, reach: Reach) -> ReadOnlyCredentials:
        self.asked.append(reach)
        number = len(self.asked)
        self.during()
        if self.fails is not None:
            raise self.fails
        return ReadOnlyCredentials(f"key{number}", "secret", "token")


@pytest.fixture
def sts() -> TokenService:
    return TokenService()


def test_they_are_made_once_for_each_workspace_and_each_group(sts: TokenService, clock: Clock) -> None:
    narrowed = Narrowed(sts.assume)
    a, b, both = narrowed.of((A,)), narrowed.of((B,)), narrowed.of((B, A))
    assert len({a, b, both}) == 3
    assert [narrowed.of((A,)), narrowed.of((B,)), narrowed.of((A, B))] == [a, b, both]
    assert sts.asked == [(A,), (B,), tuple(sorted((A, B)))]


@pytest.mark.parametrize(("age", "calls"), [(0, 1), (FRESH - 1, 1), (FRESH, 2), (USABLE, 2), (-60, 2)])
def test_they_are_renewed_five_minutes_before_their_end_and_when_the_clock_jumped_back(
    age: float, calls: int, sts: TokenService, clock: Clock
) -> None:
    narrowed = Narrowed(sts.assume)
    narrowed.of((A,))
    clock.move(age)
    assert narrowed.has((A,)) is (calls == 1)
    narrowed.of((A,))
    assert len(sts.asked) == calls


def test_their_age_counts_from_the_question_not_from_the_answer(sts: TokenService, clock: Clock) -> None:
    narrowed = Narrowed(sts.assume)
    sts.during = lambda: clock.move(400)
    narrowed.of((A,))
    clock.move(FRESH - 400)
    assert not narrowed.has((A,))


def test_while_sts_fails_old_ones_serve_until_shortly_before_their_end(sts: TokenService, clock: Clock) -> None:
    narrowed = Narrowed(sts.assume)
    first = narrowed.of((A,))
    sts.fails = SILENT
    clock.move(USABLE - 1)
    assert narrowed.of((A,)) == first
    clock.move(2)
    with pytest.raises(Unavailable):
        narrowed.of((A,))
    sts.fails = None
    assert narrowed.of((A,)) != first


def test_a_refusal_by_sts_is_a_defect_and_not_an_outage(sts: TokenService, clock: Clock) -> None:
    sts.fails = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")
    with pytest.raises(ClientError):
        Narrowed(sts.assume).of((A,))


def test_threads_that_need_the_same_ones_wait_for_one_call_and_others_do_not(sts: TokenService) -> None:
    narrowed, hold, begun = Narrowed(sts.assume), threading.Event(), threading.Event()

    def wait() -> None:
        if sts.asked == [(A,)]:
            begun.set()
            assert hold.wait(10)

    sts.during = wait
    with ThreadPoolExecutor(9) as pool:
        waiting = [pool.submit(narrowed.of, (A,)) for _ in range(8)]
        assert begun.wait(10)
        other = pool.submit(narrowed.of, (B,)).result(10)
        hold.set()
        found = {future.result(10) for future in waiting}
    assert len(found) == 1
    assert other not in found
    assert sts.asked == [(A,), (B,)]


def test_dead_ones_are_forgotten_once_however_many_notice(sts: TokenService) -> None:
    narrowed = Narrowed(sts.assume)
    dead = narrowed.of((A,))
    narrowed.forget((A,), dead)
    new = narrowed.of((A,))
    narrowed.forget((A,), dead)
    assert narrowed.of((A,)) == new
    assert len(sts.asked) == 2


def test_those_that_nobody_used_for_the_longest_time_are_let_go(sts: TokenService) -> None:
    narrowed = Narrowed(sts.assume, most_kept=2)
    for reach in ((A,), (B,), (A,), (C,)):
        narrowed.of(reach)
    assert [narrowed.has((id,)) for id in (A, B, C)] == [True, False, True]


@pytest.mark.parametrize("reach", [(), ("*",), ("",), (A, "*"), ("?" * 11,), tuple(new_id() for _ in range(21))])
def test_for_what_is_no_workspace_none_are_made(reach: Reach, sts: TokenService) -> None:
    with pytest.raises(Outside):
        Narrowed(sts.assume).of(reach)
    assert sts.asked == []


def test_a_session_is_told_its_workspace_or_all_places_of_an_overview() -> None:
    assert tags_of((A,)) == [{"Key": "workspace", "Value": A}]
    places = tags_of((A, B, C))
    assert [tag["Key"] for tag in places] == [f"w{place}" for place in range(MOST_TOGETHER)]
    assert {tag["Value"] for tag in places} == {A, B, C}


def test_the_tags_of_an_overview_keep_well_below_what_a_session_may_hold() -> None:
    """AWS packs all tags of a session into one space; nine of 252 characters were 498 % of it."""
    space = 9 * 252 / 4.98
    tags = tags_of(tuple(new_id() for _ in range(MOST_TOGETHER)))
    assert sum(len(tag["Key"]) + len(tag["Value"]) for tag in tags) < 0.7 * space


@pytest.mark.parametrize("chosen", [Settings(), Settings(tenant_role="arn:a"), Settings(overview_role="arn:b")])
def test_without_the_roles_a_function_does_not_start(chosen: Settings) -> None:
    with pytest.raises(ConfigurationError, match="HANDRAIL_TENANT_ROLE"):
        credentials.from_token_service(chosen)
