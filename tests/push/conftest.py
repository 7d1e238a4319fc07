"""Push services on the loopback in place of the real ones, for every test here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from chalicelib.onebox.program import Program
from chalicelib.push.sending import https
from chalicelib.wiring import notify as wired_notify
from tests.support.clients import Person
from tests.support.push import Browser, Loopback, Nowhere, PushServices, push_services
from tests.support.waiting import DEADLINE, everything_notified


@pytest.fixture
def services(program: Program) -> Iterator[PushServices]:
    with push_services() as services:
        https.send_through(Loopback(services.port))
        yield services
        https.send_through(Nowhere())


@pytest.fixture
def browser(services: PushServices, person: Person) -> Browser:
    """A browser of the person, registered."""
    browser = Browser()
    browser.registered(person)
    return browser


@pytest.fixture
def held_up(program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """The notify function does not begin until this is called."""
    go, notify = threading.Event(), wired_notify.notify

    def late(records: object) -> object:
        assert go.wait(DEADLINE)
        return notify(records)  # type: ignore[arg-type]  # passed on as it is

    monkeypatch.setattr(wired_notify, "notify", late)
    yield go.set
    go.set()
    everything_notified(program)
