"""Expressions on their own: parsing, binding, and what they do to an item."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.onebox.engine.errors import Refusal
from chalicelib.onebox.engine.expressions import conditions, updates
from chalicelib.onebox.engine.expressions.binding import Bindings
from chalicelib.onebox.engine.expressions.projection import project
from chalicelib.onebox.engine.expressions.reserved import RESERVED_WORDS
from chalicelib.onebox.engine.values import Item

ITEM: Item = {
    "s": {"S": "text"},
    "n": {"N": "5"},
    "li": {"L": [{"S": "zero"}, {"S": "one"}, {"S": "two"}]},
    "m": {"M": {"x": {"N": "1"}, "deep": {"M": {"y": {"L": [{"BOOL": True}]}}}}},
    "ss": {"SS": ["a", "b"]},
}
VALUES: Item = {":n": {"N": "5"}, ":s": {"S": "te"}, ":li": {"L": [{"S": "more"}]}, ":ss": {"SS": ["b", "c"]}}


def used(text: str) -> Item | None:
    return {name: VALUES[name] for name in re.findall(r":\w+", text)} or None


def holds(text: str) -> bool:
    return conditions.holds(Bindings(None, used(text)).condition(text), ITEM)


def updated(text: str) -> Item:
    return updates.apply(Bindings(None, used(text)).update(text), ITEM)


@pytest.mark.parametrize(
    "text",
    [
        "n = :n and s <> :s",
        "NOT n <> :n",
        "n BETWEEN :n AND :n AND attribute_exists(m.deep.y[0])",
        "attribute_not_exists(m.deep.y[1]) or n < :n",
        "n IN (:s, :n)",
        "begins_with(s, :s) AnD contains(s, :s)",
        "size(li) < :n",
        "(n) = (:n)",
        "absent <> :n",
        "NOT (n < :n OR n > :n)",
        "s = :s OR n = :n AND attribute_exists(ss)",
    ],
)
def test_a_condition_that_holds(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    ["absent = :n", "s = :n", "s > :n", "size(n) = :n", "contains(ss, :n)", "n = absent", "size(absent) < :n"],
)
def test_a_condition_that_does_not_hold(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("SET li[1] = n", "li", {"L": [{"S": "zero"}, {"N": "5"}, {"S": "two"}]}),
        ("SET li[9] = n, li[7] = s", "li", {"L": [*ITEM["li"]["L"], {"S": "text"}, {"N": "5"}]}),
        ("REMOVE li[0], li[2]", "li", {"L": [{"S": "one"}]}),
        ("REMOVE li[0] SET li[2] = n", "li", {"L": [{"S": "one"}, {"N": "5"}]}),
        ("SET li = list_append(:li, li)", "li", {"L": [{"S": "more"}, *ITEM["li"]["L"]]}),
        ("SET m.deep.y[0] = n", "m", {"M": {"x": {"N": "1"}, "deep": {"M": {"y": {"L": [{"N": "5"}]}}}}}),
        ("ADD ss :ss", "ss", {"SS": ["a", "b", "c"]}),
        ("DELETE ss :ss", "ss", {"SS": ["a"]}),
        ("SET a = n - :n, n = n + :n", "n", {"N": "10"}),
        ("SET n = s, s = n", "n", {"S": "text"}),
        ("set a = if_not_exists(absent, if_not_exists(n, :n))", "a", {"N": "5"}),
    ],
)
def test_an_update_reads_the_item_as_it_was(text: str, name: str, value: dict[str, object]) -> None:
    before = repr(ITEM)
    assert updated(text)[name] == value
    assert repr(ITEM) == before


def test_the_last_element_of_a_set_takes_the_attribute_with_it() -> None:
    tree = Bindings(None, {":all": {"SS": ["a", "b"]}}).update("DELETE ss :all")
    assert "ss" not in updates.apply(tree, ITEM)


def test_a_projection_keeps_the_structure_and_closes_the_ranks_of_lists() -> None:
    paths = Bindings({"#d": "deep"}, None).projection("li[2], li[0], m.#d.y, absent, n.x").paths
    assert project(ITEM, paths) == {
        "li": {"L": [{"S": "zero"}, {"S": "two"}]},
        "m": {"M": {"deep": {"M": {"y": {"L": [{"BOOL": True}]}}}}},
    }


def test_every_reserved_word_needs_an_alias_in_any_case() -> None:
    for word in RESERVED_WORDS:
        for written in (word, word.lower()):
            with pytest.raises(Refusal, match=r"reserved keyword|Syntax error"):
                Bindings(None, None).projection(written)
    assert len(RESERVED_WORDS) == 573


def test_a_name_that_begins_with_a_keyword_is_a_name() -> None:
    for name in ("ANDROID", "order_no", "inbox", "notes", "between_us", "settings", "added", "removed"):
        assert Bindings(None, None).projection(name).paths[0].steps == (name,)
        assert Bindings(None, {":v": {"N": "1"}}).update(f"SET {name} = :v")
        assert Bindings(None, {":v": {"N": "1"}}).condition(f"NOT {name} = :v AND {name} < :v")


@pytest.mark.parametrize("text", ["NOT " * 1000 + "a = b", "(NOT " * 200 + "a = b" + ")" * 200])
def test_an_expression_without_end_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        Bindings(None, None).condition(text)


def test_functions_without_end_are_refused() -> None:
    with pytest.raises(Refusal):
        Bindings(None, None).update("SET a = " + "list_append(b, " * 200 + "b" + ")" * 200)


def test_a_hundred_and_forty_conditions_are_fine_however_they_are_nested() -> None:
    flat = " AND ".join(["a = b"] * 140)
    nested = "a = b"
    for _ in range(140):
        nested = f"(NOT {nested})"
    assert conditions.holds(Bindings(None, None).condition(flat), {"a": {"S": "x"}, "b": {"S": "x"}})
    assert conditions.holds(Bindings(None, None).condition(nested), {"a": {"S": "x"}, "b": {"S": "x"}})


_WORDS = """
    a b #x :v ( ) , = <> < AND or NOT IN BETWEEN size [ 1 ] SET REMOVE ADD DELETE + - . attribute_exists
    list_append contains 😀 '
"""
words = st.sampled_from(_WORDS.split())


def reaction(read: Callable[[Bindings, str], object], text: str) -> str:
    try:
        read(Bindings({"#x": "x"}, {":v": {"N": "1"}}), text)
    except Refusal as refusal:
        return refusal.message
    return "Invalid is nothing"


@given(st.lists(words, max_size=20).map(" ".join) | st.text(max_size=30))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    for read in (Bindings.condition, Bindings.update, Bindings.projection):
        assert reaction(read, text).startswith("Invalid ")
