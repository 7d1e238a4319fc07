"""Push services as they are: gone, down, slow, throttling. None of it holds up others, least of all the frames."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

import msgspec
import pytest

from chalicelib.kernel import clock
from chalicelib.onebox.program import Program
from chalicelib.push.model import StoredDevice
from chalicelib.push.sending import delivery, https
from chalicelib.push.sending.delivery import LANES, Letter
from chalicelib.push.sending.https import Answer, Unreachable
from tests.support.clients import Agent, Person
from tests.support.push import HOST, Browser, Nowhere, PushServices, base64url
from tests.support.waiting import DEADLINE, eventually, everything_notified, everything_published

MOZILLA = "updates.push.services.mozilla.com"


def something_waits(agent: Agent) -> None:
    agent.call("createTask", title="Which?", body="", assignee="human")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the push feature warned of, with all that it says beside the text."""
    own = [one for one in caplog.records if one.name == "handrail.push" and one.levelno >= logging.WARNING]
    return [f"{one.getMessage()} {getattr(one, 'fields', '')}" for one in own]


# -- what they answer ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_its_push_service_no_longer_knows_is_forgotten(
    status: int, program: Program, services: PushServices, person: Person, agent: Agent, browser: Browser
) -> None:
    other = Browser()
    kept = other.registered(person)
    services.statuses[browser.path] = status
    for _ in range(2):
        something_waits(agent)
        everything_notified(program)
    assert [sum(map(one.is_for, services.posted)) for one in (browser, other)] == [1, 2]
    assert person.ask("GET", "/api/push")["devices"] == [kept]


@pytest.mark.parametrize("status", [400, 403, 413, 429, 500, 503, 301, 302, 307])
def test_what_a_push_service_does_not_take_is_logged_and_the_device_stays(
    status: int,
    program: Program,
    services: PushServices,
    person: Person,
    agent: Agent,
    browser: Browser,
    caplog: pytest.LogCaptureFixture,
) -> None:
    services.statuses[browser.path] = status
    something_waits(agent)
    everything_notified(program)
    (warning,) = warnings(caplog)
    assert str(status) in warning
    assert ("120" in warning) == (status == 429)
    assert browser.path not in warning, "an endpoint is a secret of its browser"
    services.statuses.clear()
    something_waits(agent)
    everything_notified(program)
    assert sum(map(browser.is_for, services.posted)) == 2
    assert len(person.ask("GET", "/api/push")["devices"]) == 1


# -- when they do not answer --------------------------------------------------------------


def test_a_push_service_that_hangs_delays_neither_the_frames_nor_another_service(
    program: Program, services: PushServices, person: Person, workspace_id: str, agent: Agent, browser: Browser
) -> None:
    assert program.engine is not None
    other = Browser(MOZILLA)
    other.registered(person)
    services.held[HOST] = threading.Event()
    stream = person.events(workspace_id)
    something_waits(agent)
    services.wait_for(browser.is_for)
    services.wait_for(other.is_for)
    person.create_task(workspace_id, "seen at once")
    stream.wait_for(lambda frame: "seen at once" in frame.data)
    assert not services.held[HOST].is_set()
    # A frame is there before the engine has noted that it went out.
    everything_published(program)
    assert program.engine.cursor("notify") < program.engine.cursor("stream"), "it must hang, or nothing is shown"
    services.held[HOST].set()
    everything_notified(program)


class Scripted:
    """Push services in memory: `down` cannot be reached, `silent` never answer until `released`."""

    def __init__(self, down: str = "", silent: str = "") -> None:
        self.down, self.silent = down, silent
        self.released = threading.Event()
        self.asked: list[str] = []

    def post(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> Answer:
        host = endpoint.split("/")[2]
        self.asked.append(host)
        if host == self.down:
            raise Unreachable("TimeoutError: timed out")
        if host == self.silent:
            assert self.released.wait(DEADLINE)
        return Answer(201)


def letters(count: int, host: str) -> list[Letter]:
    browser = Browser(host)
    device = StoredDevice(
        id="0" * 11,
        person_id="1" * 11,
        session_id="s",
        name="n",
        endpoint=browser.endpoint,
        p256dh=base64url(browser.point),
        auth=base64url(browser.auth),
        created_at=clock.now(),
    )
    return [Letter(device, delivery.topic_of(str(number)), True, b"{}") for number in range(count)]


@pytest.fixture
def scripted(program: Program) -> Scripted:
    return Scripted()


def sent_by(sender: Scripted, wanted: list[Letter]) -> None:
    https.send_through(sender)
    try:
        delivery.deliver(wanted)
    finally:
        https.send_through(Nowhere())


def test_a_push_service_that_is_down_is_left_alone_for_the_rest_of_a_batch(
    scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.down = HOST
    sent_by(scripted, [*letters(30, HOST), *letters(10, MOZILLA)])
    assert 1 <= scripted.asked.count(HOST) <= LANES
    assert scripted.asked.count(MOZILLA) == 10
    said = warnings(caplog)
    assert len(said) <= LANES
    assert all("timed out" in line for line in said)


def test_nobody_waits_for_ever_for_a_push_service_that_is_silent(
    scripted: Scripted, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.silent = HOST
    monkeypatch.setattr(delivery, "PATIENCE", 0.05)
    sent_by(scripted, letters(30, HOST))
    assert not scripted.released.is_set()
    (left,) = [record.fields["not_sent"] for record in caplog.records if record.name == "handrail.push"]  # type: ignore[attr-defined]
    assert 30 - LANES <= left <= 30
    scripted.released.set()
    eventually(lambda: not [one for one in threading.enumerate() if one.name == "push"], "the end of the lanes")
    assert scripted.asked.count(HOST) == 30 - left


def test_what_cannot_be_encrypted_stops_nobody(scripted: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    broken, good = letters(1, HOST)[0], letters(3, HOST)
    damaged = msgspec.structs.replace(broken.device, p256dh="BA")
    sent_by(scripted, [Letter(damaged, broken.topic, True, b"{}"), *good])
    assert len(scripted.asked) == 3
    assert "could not be sent" in warnings(caplog)[0]
