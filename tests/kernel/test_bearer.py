from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import bearer
from chalicelib.kernel.ids import ALPHABET


def test_a_token_has_the_form_that_the_contract_says() -> None:
    made = {bearer.new_token() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"hr_[0-9A-Za-z]{36}", token) and bearer.is_token(token) for token in made)


@given(st.integers(3, bearer.LENGTH - 1), st.sampled_from(ALPHABET))
def test_a_token_with_one_wrong_character_is_none(place: int, character: str) -> None:
    token = bearer.new_token()
    mistyped = token[:place] + character + token[place + 1 :]
    assert bearer.is_token(mistyped) == (mistyped == token)


@pytest.mark.parametrize("change", [str.upper, str.strip, lambda t: t[:-1], lambda t: t + "0", lambda t: t[3:]])
def test_a_token_that_was_cut_off_or_changed_is_none(change: object) -> None:
    token = bearer.new_token()
    changed = change(token)  # type: ignore[operator]  # one of the functions above
    assert bearer.is_token(changed) == (changed == token)


@given(st.text(max_size=60))
def test_any_other_text_is_none(text: str) -> None:
    assert not bearer.is_token(text)


def test_what_is_stored_does_not_tell_the_token() -> None:
    token = bearer.new_token()
    assert re.fullmatch(r"[0-9a-f]{64}", bearer.digest(token))
    assert bearer.digest(token) == bearer.digest(token) != bearer.digest(bearer.new_token())
