from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import clock, ids


def test_an_id_is_eleven_characters_of_base62() -> None:
    for id in (ids.new_id(), ids.ordered_id(1), ids.ordered_id(62**6 - 1)):
        assert re.fullmatch(ids.PATTERN, id)
        assert ids.is_id(id)


def test_ids_sort_by_the_second_in_which_they_were_made() -> None:
    made = []
    for seconds in range(0, 400_000_000, 9_999_999):
        with clock.moved(seconds):
            made.append(ids.new_id())
    assert made == sorted(made)


def test_ids_of_one_second_are_not_guessable_from_a_neighbour() -> None:
    made = sorted(int.from_bytes(id.encode(), "big") for id in {ids.new_id() for _ in range(1000)})
    assert len(made) == 1000
    assert len({after - before for before, after in pairwise(made)}) > 990


@given(st.integers(0, 62**6 - 2))
def test_ordered_ids_sort_by_their_number(seq: int) -> None:
    assert ids.ordered_id(seq) < ids.ordered_id(seq + 1)


def test_a_number_that_does_not_fit_is_refused_and_not_cut_off() -> None:
    with pytest.raises(OverflowError):
        ids.ordered_id(62**6)


@pytest.mark.parametrize("text", ["", "0" * 10, "0" * 12, "0" * 10 + "-", "0" * 10 + "é", "0" * 10 + "²", " " * 11])
def test_what_has_not_the_form_of_an_id_is_none(text: str) -> None:
    assert not ids.is_id(text)
