"""One person with one workspace, for requests that hardly ever do anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.onebox.program import Program
from tests.support.clients import keep_open
from tests.support.worlds import World, full_world


@pytest.fixture(scope="module")
def place(program: Program) -> Iterator[World]:
    world = full_world(program.url, "contract")
    clients = [keep_open(client) for client in (world.person.http, world.agent.http)]
    yield world
    for client in clients:
        client.close()
