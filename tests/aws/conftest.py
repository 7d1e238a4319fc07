from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.aws import sessions


@pytest.fixture(autouse=True)
def own_session() -> Iterator[None]:
    """Each test's clients read the environment of that test."""
    sessions.forget()
    yield
    sessions.forget()
