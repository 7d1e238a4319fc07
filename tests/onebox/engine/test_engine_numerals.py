from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.onebox.engine import numerals
from chalicelib.onebox.engine.errors import Refusal

numbers = st.builds(
    lambda sign, digits, exponent: f"{sign}{digits}E{exponent}",
    st.sampled_from(["", "-"]),
    st.integers(0, 10**38 - 1),
    st.integers(-130, 88),
)


@given(numbers)
def test_a_canonical_number_is_the_same_number(text: str) -> None:
    canonical = numerals.canonical(text)
    assert Decimal(canonical) == Decimal(text)
    assert numerals.canonical(canonical) == canonical


@given(numbers, numbers)
def test_sortable_bytes_order_like_the_numbers(one: str, two: str) -> None:
    one, two = numerals.canonical(one), numerals.canonical(two)
    assert (numerals.sortable(one) < numerals.sortable(two)) == (Decimal(one) < Decimal(two))
    assert (numerals.sortable(one) == numerals.sortable(two)) == (one == two)


@given(st.decimals(-1000, 1000, places=2), st.decimals(-1000, 1000, places=2))
def test_neighbouring_numbers_sort_apart(one: Decimal, two: Decimal) -> None:
    left, right = numerals.canonical(f"{one:f}"), numerals.canonical(f"{two:f}")
    assert (numerals.sortable(left) < numerals.sortable(right)) == (one < two)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("1.0", "1"), ("-0", "0"), ("+7", "7"), ("1e2", "100"), (".5", "0.5"), ("0010", "10"), ("-1.50", "-1.5")],
)
def test_equal_numbers_have_one_text(text: str, canonical: str) -> None:
    assert numerals.canonical(text) == canonical


@pytest.mark.parametrize("text", ["", "x", "1 ", "NaN", "Infinity", "0x1", "1_000", "١", "1e", "9" * 39, "1E126"])
def test_what_is_no_dynamodb_number_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        numerals.canonical(text)


@given(st.integers(-(10**37), 10**37), st.integers(-(10**37), 10**37))
def test_sums_are_exact(one: int, two: int) -> None:
    assert numerals.add(str(one), str(two)) == str(one + two)
    assert numerals.subtract(str(one), str(two)) == str(one - two)


def test_a_sum_that_needs_39_digits_is_refused() -> None:
    with pytest.raises(Refusal, match="38 significant digits"):
        numerals.add("9" * 38, "0.1")
