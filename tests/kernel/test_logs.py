from __future__ import annotations

import json
import logging

import pytest

from chalicelib.kernel.logs import JsonFormatter, masked, request_id

TOKEN = "hr_UM9xqZeFl7H9VwxohQZalkidK6Nlyo4evWTn"
SECRETS = [
    TOKEN,
    TOKEN[:20],
    f"Authorization: Bearer {TOKEN}",
    "authorization: bearer abc.def-ghi",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "Cookie: handrail_session=abcdef; other=1",
    "Cookie: __Host-handrail_session=abcdef",
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    shown = masked(f"before {text} after")
    assert "[secret]" in shown
    assert shown.startswith("before ")
    for secret in (TOKEN, TOKEN[3:20], "abc.def-ghi", "c2lnbmF0dXJl", "abcdef"):
        assert secret not in shown


def test_other_text_is_left_alone() -> None:
    assert masked("task 0SvSMXdCQEb in workspace") == "task 0SvSMXdCQEb in workspace"


def line(**fields: object) -> dict[str, object]:
    record = logging.LogRecord("handrail.x", logging.WARNING, "f", 1, "it %s", (TOKEN,), None)
    for name, value in fields.items():
        setattr(record, name, value)
    formatted: dict[str, object] = json.loads(JsonFormatter().format(record))
    return formatted


def test_a_line_is_one_json_object_without_secrets() -> None:
    shown = line(fields={"header": f"Bearer {TOKEN}", "seq": 3})
    assert (shown["level"], shown["logger"], shown["message"]) == ("warning", "handrail.x", "it [secret]")
    assert (shown["header"], shown["seq"]) == ("[secret]", "3")


def test_a_failure_shows_its_trace_without_secrets() -> None:
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError as error:
        shown = line(exc_info=(type(error), error, error.__traceback__))
    assert "ValueError: bad [secret]" in str(shown["error"])


def test_a_line_names_the_request() -> None:
    before = request_id.set("r-1")
    try:
        assert line()["request_id"] == "r-1"
    finally:
        request_id.reset(before)
