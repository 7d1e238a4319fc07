"""Every client passes through the program's own relay, and through a real Pushpin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.onebox.program import Program
from tests.support import relays
from tests.support.relays import EMBEDDED, PUSHPIN


@pytest.fixture(scope="module", params=[EMBEDDED, PUSHPIN])
def url(request: pytest.FixtureRequest, program: Program) -> Iterator[str]:
    with relays.relayed(program, request.param) as url:
        yield url


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
