"""Which workspaces work is for: what is entered inside is part of it, and afterwards all is as before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.kernel import tenancy
from chalicelib.kernel.tenancy import Everything, Outside, groups, reach, within


def test_outside_of_all_work_there_is_no_workspace() -> None:
    assert reach() == ()
    with within("a"):
        assert reach() == ("a",)
    assert reach() == ()


def test_inside_work_is_for_fewer_workspaces_never_for_others() -> None:
    with within("a", "b"):
        with within("b"):
            assert reach() == ("b",)
            with pytest.raises(Outside), within("a"):
                raise AssertionError("it was entered")
        with pytest.raises(Outside), within("a", "c"):
            raise AssertionError("it was entered")
        assert reach() == ("a", "b")


def test_it_ends_also_when_the_work_fails() -> None:
    with pytest.raises(ValueError, match="work"), within("a"):
        raise ValueError("work")
    assert reach() == ()


def test_threads_do_not_see_each_other_s() -> None:
    with within("a"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(reach).result(10) == ()


def test_groups_are_as_large_as_one_request_and_one_set_of_credentials_allow() -> None:
    ids = [str(number) for number in range(45)]
    assert [len(group) for group in groups(ids, 20)] == [20, 20, 5]
    before = tenancy.keeper()
    tenancy.keep_with(Everything(most_together=15))
    try:
        assert [len(group) for group in groups(ids, 20)] == [15, 15, 15]
        assert [id for group in groups(ids, 20) for id in group] == ids
        assert groups([], 20) == []
    finally:
        tenancy.keep_with(before)
