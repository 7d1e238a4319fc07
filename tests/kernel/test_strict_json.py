from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.errors import BadRequest
from chalicelib.kernel.strict_json import parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_read(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{} {}",
        b'{"a": 1, "a": 2}',
        b'[{"b": {"a": 1, "\\u0061": 2}}]',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"[1,]",
        b"{'a': 1}",
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        '"ä"'.encode("utf-16"),
        b"\x00",
        b"[" * 100_000,
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"1" * 5_000,
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_anything_else_is_a_bad_request_that_says_why(raw: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(raw)
    assert refused.value.detail.startswith(("The body is not valid JSON", "The JSON is nested too deeply"))
    assert len(refused.value.detail) < 300


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_but_parse_or_be_refused(raw: bytes) -> None:
    with contextlib.suppress(BadRequest):
        parse(raw)
