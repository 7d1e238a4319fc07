"""Whatever opens a stream in this folder does so through the program's own relay, and through a real Pushpin."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from chalicelib.onebox.program import Program
from tests.contract.grip.pushpin import must_be_installed
from tests.support.clients import Person
from tests.support.relays import behind_pushpin

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["embedded", "pushpin"])
def url(request: pytest.FixtureRequest, program: Program) -> Iterator[str]:
    if request.param == "embedded":
        yield program.url
        return
    must_be_installed()
    with behind_pushpin(program) as url:
        yield url


@pytest.fixture
def relayed(url: str) -> Person:
    """Somebody whose browser is behind the relay."""
    return Person(url, f"relayed-{next(_numbers)}")


@pytest.fixture
def workspaces(relayed: Person) -> list[str]:
    return [relayed.create_workspace(name)["id"] for name in ("one", "two", "three")]
