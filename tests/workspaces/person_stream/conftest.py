"""Whatever opens a stream in this folder does so through the program's own relay, and through a real Pushpin."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from chalicelib.onebox.program import Program
from tests.support import relays
from tests.support.clients import Person
from tests.support.relays import EMBEDDED, PUSHPIN

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=[EMBEDDED, PUSHPIN])
def url(request: pytest.FixtureRequest, program: Program) -> Iterator[str]:
    with relays.relayed(program, request.param) as url:
        yield url


@pytest.fixture
def relayed(url: str) -> Person:
    """Somebody whose browser is behind the relay."""
    return Person(url, f"relayed-{next(_numbers)}")


@pytest.fixture
def workspaces(relayed: Person) -> list[str]:
    return [relayed.create_workspace(name)["id"] for name in ("one", "two", "three")]
