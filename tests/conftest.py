"""The program itself, on a free port with an empty data folder, shared by all tests of one process."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from chalicelib.kernel.settings import Settings
from chalicelib.onebox.program import Program
from chalicelib.push.sending import https
from tests.support.clients import Agent, Person, close_clients
from tests.support.push import Nowhere
from tests.support.round_trips import Recorder, recorded
from tests.support.unlimited import shared, unlimited

hypothesis_settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis_settings.load_profile("ci")

_names = itertools.count(1)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    data: Path = tmp_path_factory.mktemp("data")
    https.send_through(Nowhere())
    running = Program(shared(unlimited(Settings(port=0, data=data, log_level="WARNING")))).start()
    # Tests move the clock, and call the scheduled functions themselves; nothing may expire for the others meanwhile.
    running.scheduler.stop()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def closed_clients() -> Iterator[None]:
    yield
    close_clients()


@pytest.fixture(scope="session")
def url(program: Program) -> str:
    """Where clients find the program. Folders whose journeys pass through every relay have one of their own."""
    return program.url


@pytest.fixture
def new_person(url: str) -> Callable[[], Person]:
    """Makes people; each call is somebody else."""
    return lambda: Person(url, f"person-{next(_names)}")


@pytest.fixture
def person(new_person: Callable[[], Person]) -> Person:
    return new_person()


@pytest.fixture
def workspace_id(person: Person) -> str:
    id: str = person.create_workspace()["id"]
    return id


@pytest.fixture
def agent(person: Person, workspace_id: str) -> Agent:
    return person.agent(workspace_id).initialize()


@pytest.fixture
def recorder(program: Program) -> Iterator[Recorder]:
    """Tells how often a request went to storage."""
    assert program.engine is not None
    with recorded(program.engine) as recorder:
        yield recorder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if os.environ.get("CI") == "true" and report.skipped:  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"  # type: ignore[attr-defined]
    return report
