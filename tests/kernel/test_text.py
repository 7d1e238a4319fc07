from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.errors import TooLarge, ValidationFailed
from chalicelib.kernel.text import LARGEST_TEXT, line, long


@pytest.mark.parametrize("text", ["a", "Grüße 你好", "<script>", "a\u200db", "👩‍👩‍👧", "עברית", "a & b; $(c)"])
def test_an_honest_line_is_kept_as_it_is(text: str) -> None:
    assert line("title", text) == text


def test_blanks_around_it_go() -> None:
    assert line("title", " \t a b \n") == "a b"


@pytest.mark.parametrize("text", ["", "  \n", "\u3000"])
def test_an_empty_line_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed):
        line("title", text)


@pytest.mark.parametrize("bad", ["\x00", "\n", "\r", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
@pytest.mark.parametrize("place", ["a{}b"])
def test_control_characters_are_refused_and_not_removed(bad: str, place: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        line("title", place.format(bad))
    assert refused.value.as_json()["errors"] == [
        {"path": "title", "message": "must be one line without control characters"}
    ]


@pytest.mark.parametrize("mark", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_marks_that_reorder_text_are_refused(mark: str) -> None:
    with pytest.raises(ValidationFailed):
        line("filename", f"photo{mark}gpj.exe")


@given(st.text(max_size=200))
def test_long_texts_are_kept_to_the_byte(text: str) -> None:
    assert long("body", text) == text


@pytest.mark.parametrize(("character", "size"), [("a", 1), ("ä", 2), ("\x01", 6), ("👩", 4), ('"', 2)])
def test_a_text_is_too_large_by_what_it_takes_as_json(character: str, size: int) -> None:
    fits = (LARGEST_TEXT - 2) // size
    assert long("body", character * fits)
    with pytest.raises(TooLarge):
        long("body", character * (fits + 1))
