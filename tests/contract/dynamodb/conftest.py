"""The oracles, started once for the run."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chalicelib.onebox.engine import Engine
from tests.contract.dynamodb.oracles import Named, Oracle, endpoint, ministack, moto


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    path: Path = tmp_path_factory.mktemp("engine") / "contract.sqlite"
    engine = Engine.open(path)
    yield Named("engine", engine.call)
    engine.close()


@pytest.fixture(scope="session")
def oracles() -> Iterator[list[Oracle]]:
    with ExitStack() as stack:
        started: list[Oracle] = [stack.enter_context(ministack()), stack.enter_context(moto())]
        if url := os.environ.get("HANDRAIL_DYNAMODB_ENDPOINT"):
            started.append(stack.enter_context(endpoint(url)))
        yield started
