from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from chalicelib.onebox.program import Program
from tests.isolation.test_tokens import configured
from tests.support.clients import new_client
from tests.support.openid import FakeProvider, fake_provider


@pytest.fixture
def provider(program: Program) -> Iterator[FakeProvider]:
    """The program's identity provider, for this test."""
    with fake_provider() as fake, configured(**fake.settings):
        yield fake


@pytest.fixture
def browser(program: Program) -> Callable[[], httpx.Client]:
    """Makes browsers, none of which is signed in."""
    return lambda: new_client(base_url=program.url, timeout=30)
