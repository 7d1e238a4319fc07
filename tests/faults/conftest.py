"""A program whose storage fails as a test says. The pauses between retries are counted, not waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace

import botocore.endpoint
import pytest

from chalicelib.kernel import store, unit
from chalicelib.onebox.program import Program
from tests.support.failing import Failing, failing_dynamodb


@pytest.fixture
def dynamodb(program: Program, workspace_id: str) -> Iterator[Failing]:
    """Only what is done for `workspace_id` meets its faults."""
    assert program.engine is not None
    with failing_dynamodb(program.engine, workspace_id) as failing:
        yield failing


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the program would have waited, each time."""
    waited: list[float] = []
    clock = SimpleNamespace(sleep=waited.append, time=time.time, monotonic=time.monotonic)
    for module in (store, unit, botocore.endpoint):
        monkeypatch.setattr(module, "time", clock)
    return waited
