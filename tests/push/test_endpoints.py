"""Where this server may be made to send: to known push services, and nowhere else, whatever a browser says."""

from __future__ import annotations

import pytest

from chalicelib.kernel.settings import Settings
from chalicelib.onebox.program import Program
from chalicelib.push import endpoints
from tests.isolation.test_tokens import configured
from tests.support.clients import Agent, Person
from tests.support.push import Browser, PushServices
from tests.support.waiting import everything_notified

GOOD = [
    "https://fcm.googleapis.com/fcm/send/dXyz_1-2:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx",
    "https://fcm.googleapis.com/wp/abc",
    "https://fcm.googleapis.com:443/fcm/send/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk_=",
    "https://web.push.apple.com/QGuQyavXutnMz",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2b%2fA&x=1~2",
]
BAD = [
    "http://fcm.googleapis.com/fcm/send/abc",
    "HTTPS://fcm.googleapis.com/fcm/send/abc",
    "ftp://fcm.googleapis.com/x",
    "file:///etc/passwd",
    "//fcm.googleapis.com/x",
    "fcm.googleapis.com/x",
    "https:fcm.googleapis.com/x",
    "https:/fcm.googleapis.com/x",
    "https:///fcm.googleapis.com/x",
    "https://fcm.googleapis.com",
    "https://",
    "https://localhost/x",
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://[::1]/x",
    "https://[::ffff:169.254.169.254]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/x",
    "https://metadata.google.internal/x",
    "https://example.com/x",
    "https://googleapis.com/x",
    "https://storage.googleapis.com/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evilfcm.googleapis.com/x",
    "https://a.fcm.googleapis.com/x",
    "https://evil-push.apple.com/x",
    "https://push.apple.com/x",
    "https://.push.apple.com/x",
    "https://evil.example/.push.apple.com",
    "https://evil.example/fcm.googleapis.com/x",
    "https://evil.example?fcm.googleapis.com/x",
    "https://evil.example#fcm.googleapis.com/x",
    "https://fcm.googleapis.com@evil.example/x",
    "https://fcm.googleapis.com:443@evil.example/x",
    "https://evil.example@fcm.googleapis.com/x",
    "https://user:secret@fcm.googleapis.com/x",
    "https://@fcm.googleapis.com/x",
    "https://fcm.googleapis.com\\@evil.example/x",
    "https://evil.example\\.fcm.googleapis.com/x",
    "https://evil.example\\fcm.googleapis.com/x",
    "https://fcm.googleapis.com\\x",
    "https://fcm.googleapis.com/x\\y",
    "https://fcm.googleapis.com:80/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:0443/x",
    "https://fcm.googleapis.com:/x",
    "https://fcm.googleapis.com:443:443/x",
    "https://fcm.googleapis.com:443.evil.example/x",
    "https://fcm.googleapis.com./x",
    "https://FCM.googleapis.com/x",
    "https://fcm%2egoogleapis.com/x",
    "https://fcm.googleapis.com%00.evil.example/x",
    "https://fcm。googleapis.com/x",
    "https://ｆcm.googleapis.com/x",
    "https://fcm.googleapis.com\u200b/x",
    "https://fcm.googleapis.com/x y",
    "https://fcm.googleapis.com/x\r\nHost: evil.example",
    "https://fcm.googleapis.com/\tx",
    "https://fcm.googleapis.com\n/x",
    "https://fcm.googleapis.com/x\n",
    " https://fcm.googleapis.com/x",
    "https://fcm.googleapis.com/x#fragment",
    'https://fcm.googleapis.com/"x',
    "https://fcm.googleapis.com/ü",
    "https://evil.example/\nhttps://fcm.googleapis.com/x",
]


@pytest.fixture(autouse=True)
def usual_services(program: Program) -> None:
    """The program runs with the default of `push_hosts`."""
    assert program.settings.push_hosts == Settings().push_hosts


@pytest.mark.parametrize("endpoint", GOOD, ids=range(len(GOOD)))
def test_a_known_push_service_may_be_sent_to(endpoint: str, person: Person) -> None:
    person.ask("POST", "/api/push/devices", 201, json=Browser().subscription() | {"endpoint": endpoint})


@pytest.mark.parametrize("endpoint", BAD, ids=range(len(BAD)))
def test_no_other_address_is_taken(endpoint: str, services: PushServices, person: Person) -> None:
    answer = person.http.post("/api/push/devices", json=Browser().subscription() | {"endpoint": endpoint})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "endpoint"
    assert person.ask("GET", "/api/push")["devices"] == []
    assert services.posted == []


def test_an_endpoint_has_a_bounded_length(person: Person) -> None:
    subscription = Browser().subscription()
    longest = "https://fcm.googleapis.com/".ljust(2048, "x")
    person.ask("POST", "/api/push/devices", 201, json=subscription | {"endpoint": longest})
    person.ask("POST", "/api/push/devices", 422, json=subscription | {"endpoint": longest + "x"})


def test_the_services_are_a_setting() -> None:
    with configured(push_hosts=" push.example , .push.example.org,,"):
        assert endpoints.service_of("https://push.example/x") == "push.example"
        assert endpoints.service_of("https://eu.push.example.org/x") == ".push.example.org"
        for other in ("https://eu.push.example/x", "https://push.example.org/x", GOOD[0], "https://x/"):
            assert endpoints.service_of(other) is None
    with configured(push_hosts=""):
        assert [endpoint for endpoint in (*GOOD, *BAD) if endpoints.service_of(endpoint)] == []


def test_a_service_that_is_taken_off_the_list_gets_nothing_any_more(
    program: Program, services: PushServices, agent: Agent, browser: Browser
) -> None:
    other = Browser("updates.push.services.mozilla.com")
    with configured(push_hosts="updates.push.services.mozilla.com"):
        agent.call("createTask", title="Which?", body="", assignee="human")
        everything_notified(program)
    assert services.posted == []
    assert other.endpoint.startswith("https://updates.")
