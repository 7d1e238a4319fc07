from __future__ import annotations

import inspect

import pytest

from chalicelib.kernel import errors
from chalicelib.kernel.errors import NotFound, NotNow, Problem, Unavailable, ValidationFailed, VersionConflict

PROBLEMS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Problem) and kind not in {Problem, NotNow}
]


@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_problem_has_a_status_a_stable_code_and_a_title(kind: type[Problem]) -> None:
    assert 400 <= kind.status < 500 or kind is Unavailable
    assert kind.code.replace("_", "").isalpha()
    assert kind.code == kind.code.lower()
    assert kind.title


def test_codes_are_used_once() -> None:
    codes = [kind.code for kind in PROBLEMS]
    assert len(codes) == len(set(codes))


def test_a_problem_is_what_the_standard_says_with_the_members_of_its_code() -> None:
    assert VersionConflict("Look again.", current={"version": 2}).as_json() == {
        "type": "urn:handrail:problem:version_conflict",
        "title": "Somebody else changed it first",
        "status": 409,
        "detail": "Look again.",
        "code": "version_conflict",
        "current": {"version": 2},
    }


def test_what_is_absent_and_what_is_foreign_read_the_same() -> None:
    assert NotFound().as_json() == NotFound().as_json()


def test_a_refused_value_says_where_and_why() -> None:
    refused = ValidationFailed(("title", "must not be empty"), ("", "too much"))
    assert refused.detail == "title: must not be empty; too much"
    assert refused.as_json()["errors"] == [
        {"path": "title", "message": "must not be empty"},
        {"path": "", "message": "too much"},
    ]
