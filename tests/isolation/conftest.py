"""Two worlds, made once a module: nothing tested there may change them, and each test that must makes its own.

Not once for all modules: those that move the clock let every token expire, also those of other tests. All of it
happens behind the fifth wall: storage judges each request by the policies of the stack.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator

import httpx
import pytest

from chalicelib.kernel.logs import JsonFormatter
from chalicelib.onebox.program import Program
from tests.support.account import Account, walled
from tests.support.clients import keep_open
from tests.support.worlds import World, full_world

_numbers = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def wall(program: Program) -> Iterator[Account]:
    assert program.engine is not None
    with walled(program.engine) as account:
        yield account
    assert account.refused == [], "the program asked for what the policies do not allow"


@pytest.fixture(scope="module")
def alice(program: Program) -> Iterator[World]:
    yield from _lasting(full_world(program.url, "alice"))


@pytest.fixture(scope="module")
def bob(program: Program) -> Iterator[World]:
    yield from _lasting(full_world(program.url, "bob"))


def _lasting(world: World) -> Iterator[World]:
    clients = [keep_open(client) for client in (world.person.http, world.agent.http)]
    yield world
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def nobody(program: Program) -> Iterator[httpx.Client]:
    """A client without any credential."""
    with httpx.Client(base_url=program.url) as client:
        yield client


@pytest.fixture
def world(program: Program) -> World:
    """One of the test's own, to change as it likes."""
    return full_world(program.url, f"other{next(_numbers)}")


class LogLines(logging.Handler):
    """The log as it would be written, from INFO upwards."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log_lines(program: Program) -> Iterator[list[str]]:
    root, handler = logging.getLogger(), LogLines()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler.lines
    root.setLevel(level)
    root.removeHandler(handler)
