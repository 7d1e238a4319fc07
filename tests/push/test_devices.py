"""Devices: whose they are, how long they live, and what a browser must give for one."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from chalicelib.kernel import clock, cookies, directory
from chalicelib.kernel.settings import settings
from chalicelib.onebox.program import Program
from chalicelib.people import rules as people
from chalicelib.push import rules
from chalicelib.push.model import MOST_DEVICES, PREFIX, StoredDevice
from tests.isolation.test_tokens import configured
from tests.support.clients import Agent, Json, Person
from tests.support.push import Browser, PushServices, base64url, unbase64url
from tests.support.waiting import everything_notified

DEVICES = "/api/push/devices"


def devices(person: Person) -> list[Json]:
    listed: list[Json] = person.ask("GET", "/api/push")["devices"]
    return listed


def stored(person: Person) -> list[StoredDevice]:
    return directory.beneath(f"person#{person.id}", PREFIX, StoredDevice)


def signed_in_again(person: Person) -> dict[str, str]:
    """The cookie of another session of the same person."""
    session = people.open_session(people.person_of(person.session))
    return {"Cookie": cookies.issue(session.id, person.id, session.expires_at).partition(";")[0]}


def heard(program: Program, services: PushServices, agent: Agent, *browsers: Browser) -> list[int]:
    """How many notifications of a new request reach each of the browsers."""
    services.posted.clear()
    agent.call("createTask", title="Which?", body="", assignee="human")
    everything_notified(program)
    return [sum(map(browser.is_for, services.posted)) for browser in browsers]


def test_the_public_key_is_a_point_that_a_browser_can_subscribe_with(person: Person) -> None:
    key = person.ask("GET", "/api/push")["public_key"]
    assert "=" not in key
    assert len(unbase64url(key)) == 65
    assert unbase64url(key)[0] == 4
    assert person.ask("GET", "/api/push")["public_key"] == key


def test_without_a_key_there_is_no_push(person: Person) -> None:
    with configured(push_key=""):
        assert person.ask("GET", "/api/push") == {"public_key": None, "devices": []}
        refused = person.http.post(DEVICES, json=Browser().subscription())
    assert refused.status_code == 403
    assert "HANDRAIL_PUSH_KEY" in refused.json()["detail"]


def test_a_device_is_listed_with_its_name_and_nothing_secret(person: Person) -> None:
    browser = Browser()
    made = browser.registered(person, "  Firefox on laptop ")
    assert devices(person) == [made]
    assert made.keys() == {"id", "name", "created_at", "current"}
    assert (made["name"], made["current"]) == ("Firefox on laptop", True)
    elsewhere = person.ask("GET", "/api/push", headers=signed_in_again(person))["devices"]
    assert elsewhere == [made | {"current": False}]


def test_the_same_endpoint_is_the_same_device_renewed(person: Person) -> None:
    browser = Browser()
    made = browser.registered(person)
    again = signed_in_again(person)
    renewed = person.ask("POST", DEVICES, 201, json=browser.subscription("Another name"), headers=again)
    assert renewed == made | {"name": "Another name"}
    assert devices(person) == [renewed | {"current": False}]
    people.sign_out(person.session)
    assert person.ask("GET", "/api/push", headers=again)["devices"] == [renewed]


def test_a_device_can_be_removed_once(
    program: Program, services: PushServices, person: Person, agent: Agent, browser: Browser
) -> None:
    (device,) = devices(person)
    person.ask("DELETE", f"{DEVICES}/{device['id']}", 204)
    assert devices(person) == []
    assert heard(program, services, agent, browser) == [0]
    assert person.http.delete(f"{DEVICES}/{device['id']}").status_code == 404


def test_another_persons_device_is_not_there(person: Person, new_person: Callable[[], Person]) -> None:
    stranger = new_person()
    device = Browser().registered(person)
    foreign = stranger.http.delete(f"{DEVICES}/{device['id']}")
    absent = stranger.http.delete(f"{DEVICES}/{device['id'][:-1]}~"[:-1] + "0")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content
    assert devices(stranger) == []
    assert devices(person) == [device]


def test_signing_out_ends_the_devices_of_that_session_and_no_others(
    program: Program, services: PushServices, person: Person, agent: Agent, browser: Browser
) -> None:
    other, again = Browser(), signed_in_again(person)
    kept = person.ask("POST", DEVICES, 201, json=other.subscription(), headers=again)
    person.ask("DELETE", "/auth/session", 204)
    assert heard(program, services, agent, browser, other) == [0, 1]
    assert [device.id for device in stored(person)] == [kept["id"]]


def test_a_session_that_is_over_in_any_way_has_no_devices(
    program: Program, services: PushServices, person: Person, agent: Agent, browser: Browser
) -> None:
    directory.remove(directory.session_key(person.session.id))
    assert len(stored(person)) == 1
    assert heard(program, services, agent, browser) == [0]
    assert person.ask("GET", "/api/push", headers=signed_in_again(person))["devices"] == []


def test_devices_end_with_the_time_of_their_session(person: Person) -> None:
    Browser().registered(person)
    assert len(rules.alive(person.id)) == 1
    with clock.moved(settings().session_lifetime + 1):
        assert rules.alive(person.id) == []
        assert stored(person) == [], "nothing that a person left behind is kept for ever"


def test_a_browser_that_somebody_else_signs_in_with_is_theirs(
    program: Program, services: PushServices, person: Person, agent: Agent, new_person: Callable[[], Person]
) -> None:
    shared, second = Browser(), new_person()
    shared.registered(person)
    second_agent = second.agent(second.create_workspace()["id"]).initialize()
    shared.registered(second)
    assert heard(program, services, agent, shared) == [0]
    assert heard(program, services, second_agent, shared) == [1]
    assert (len(devices(person)), len(devices(second))) == (0, 1)
    shared.registered(person)
    assert heard(program, services, second_agent, shared) == [0]
    assert heard(program, services, agent, shared) == [1]


def test_of_many_devices_the_oldest_goes(person: Person) -> None:
    made = []
    for number in range(MOST_DEVICES + 1):
        with clock.moved(number):
            made.append(Browser().registered(person, f"Browser {number}")["id"])
    assert [device["id"] for device in devices(person)] == made[1:]
    assert len(stored(person)) == MOST_DEVICES


# Always the same one: the names of the tests below are made of it.
GOOD_POINT = "BI5TO2-gv3tGJbswZnwB-2B--fi4qA_vWzAGKHAxh7Kjc-sdveAzGDZtBp-DpvWQAFPHNjPLBBshxV4ahsH0ALQ"
OFF_THE_CURVE = base64url(b"\x04" + bytes(63) + b"\x01")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("keys.p256dh", OFF_THE_CURVE),
        ("keys.p256dh", base64url(b"\x02" + unbase64url(GOOD_POINT)[1:33])),
        ("keys.p256dh", base64url(b"\x05" + unbase64url(GOOD_POINT)[1:])),
        ("keys.p256dh", base64url(unbase64url(GOOD_POINT)[:-1])),
        ("keys.p256dh", base64url(unbase64url(GOOD_POINT) + b"\0")),
        ("keys.p256dh", base64url(b"\x04" + bytes(64))),
        ("keys.p256dh", GOOD_POINT[:-2] + "**"),
        ("keys.p256dh", "x" * 101),
        ("keys.p256dh", ""),
        ("keys.p256dh", "\u00e9" * 87),
        ("keys.auth", base64url(bytes(15))),
        ("keys.auth", base64url(bytes(17))),
        ("keys.auth", "not base64url"),
        ("keys.auth", ""),
        ("keys.auth", 7),
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 101),
        ("name", "two\nlines"),
        ("name", "hidden\u202e"),
        ("endpoint", ""),
        ("endpoint", None),
    ],
)
def test_what_cannot_be_used_is_named(path: str, value: object, person: Person) -> None:
    given = Browser().subscription()
    inner = given["keys"] if path.startswith("keys.") else given
    inner[path.rpartition(".")[2]] = value
    answer = person.http.post(DEVICES, json=given)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["path"] == path
    assert stored(person) == []


def test_padding_makes_no_difference(program: Program, services: PushServices, person: Person, agent: Agent) -> None:
    browser = Browser()
    padded = {
        "p256dh": base64.urlsafe_b64encode(browser.point).decode(),
        "auth": base64.urlsafe_b64encode(browser.auth).decode(),
    }
    person.ask("POST", DEVICES, 201, json=browser.subscription() | {"keys": padded})
    assert heard(program, services, agent, browser) == [1]
    assert browser.read(services.posted[0])["title"].startswith("laptop")
