"""GRIP's response hold as the program uses it: a call that waits for a person."""

import json
from collections.abc import Callable

from tests.contract.grip.client import opened, sent
from tests.contract.grip.conftest import Target
from tests.contract.grip.origin import Asked, Given

WAITING = {"result": {"status": "waiting", "messages": []}}


def waiting(*channels: str, timeout: int = 20) -> Given:
    headers = [("Content-Type", "application/json"), ("X-Own", "kept"), ("Grip-Hold", "response")]
    headers += [("Grip-Channel", channel) for channel in channels]
    return Given(json.dumps(WAITING).encode(), (*headers, ("Grip-Timeout", str(timeout))))


def answer(channel: str, id: str | None = None, prev_id: str | None = None, **response: object) -> dict[str, object]:
    item: dict[str, object] = {"channel": channel, "formats": {"http-response": response}}
    return item | ({"id": id} if id else {}) | ({"prev-id": prev_id} if prev_id else {})


def final(asked: Asked) -> Given:
    body = json.dumps({"tries": asked.number, "body": asked.body.decode()}).encode()
    return Given(body, (("Content-Type", "application/json"),))


def hold_first(channel: str, before_answer: Callable[[], None] = lambda: None) -> Callable[[Asked], Given]:
    def handle(asked: Asked) -> Given:
        if asked.number > 1:
            return final(asked)
        before_answer()
        return waiting(channel)

    return handle


def test_a_held_response_is_answered_with_what_is_published(target: Target) -> None:
    target.origin.on("/whole", waiting("whole"))
    with sent(target.port, "/whole", body=b"{}") as connection:
        target.wait_held("whole")
        target.publish([answer("whole", code=202, headers={"Content-Type": "text/plain"}, body="done")])
        response = connection.getresponse()
        assert (response.status, response.headers["content-type"], response.read()) == (202, "text/plain", b"done")


def test_at_the_timeout_the_initial_response_is_sent(target: Target) -> None:
    target.origin.on("/timeout", waiting("timeout", timeout=5 if target.name == "pushpin" else 1))
    with opened(target.port, "/timeout", "POST", b"{}") as response:
        assert response.status == 200
        assert json.loads(response.rest()) == WAITING


def test_an_answer_published_before_the_hold_makes_the_relay_ask_again(target: Target) -> None:
    def publish() -> None:
        target.publish([answer("race", "1", "0", body="lost?")])

    target.origin.on("/race", hold_first("race; prev-id=0", publish))
    with opened(target.port, "/race", "POST", b"my question", Authorization="Bearer x") as response:
        assert json.loads(response.rest()) == {"tries": 2, "body": "my question"}
    first, second = target.origin.asked("/race")
    assert second.headers["grip-last"] == "race; last-id=0"
    assert (first.headers["authorization"], second.headers["authorization"]) == ("Bearer x", "Bearer x")


def test_a_gap_makes_the_relay_ask_again(target: Target) -> None:
    def handle(asked: Asked) -> Given:
        return final(asked) if "grip-last" in asked.headers and gone.get("by") else waiting("gapped; prev-id=0")

    gone: dict[str, bool] = {}
    target.origin.on("/gapped", handle)
    with sent(target.port, "/gapped", body=b"question") as connection:
        target.wait_held("gapped")
        gone["by"] = True
        target.publish([answer("gapped", "5", "4", body="out of turn")])
        assert json.loads(connection.getresponse().read())["body"] == "question"


def test_an_answer_without_prev_id_on_a_numbered_hold_makes_the_relay_ask_again(target: Target) -> None:
    def handle(asked: Asked) -> Given:
        return final(asked) if answered else waiting("unlinked; prev-id=0")

    answered: list[bool] = []
    target.origin.on("/unlinked", handle)
    with sent(target.port, "/unlinked", body=b"question") as connection:
        target.wait_held("unlinked")
        answered.append(True)
        target.publish([answer("unlinked", "1", body="by itself")])
        assert json.loads(connection.getresponse().read())["body"] == "question"


def test_a_hint_makes_the_relay_ask_again(target: Target) -> None:
    def handle(asked: Asked) -> Given:
        return Given(b"revoked", status=401) if dead else waiting("alive")

    dead: list[bool] = []
    target.origin.on("/alive", handle)
    with sent(target.port, "/alive", body=b"{}") as connection:
        target.wait_held("alive")
        dead.append(True)
        target.publish([answer("alive", action="hint")])
        response = connection.getresponse()
        assert (response.status, response.read()) == (401, b"revoked")


def test_a_hint_that_comes_while_the_relay_asks_again_makes_it_ask_once_more(target: Target) -> None:
    def handle(asked: Asked) -> Given:
        if asked.number == 2:
            target.publish([answer("hinted", "7", action="hint")])
        return final(asked) if asked.number > 2 else waiting("hinted; prev-id=0", "beside")

    target.origin.on("/hinted", handle)
    with sent(target.port, "/hinted", body=b"question") as connection:
        target.wait_held("hinted")
        target.publish([answer("hinted", action="hint")])
        assert json.loads(connection.getresponse().read())["tries"] == 3


def test_what_is_not_held_passes_through_as_it_is(target: Target) -> None:
    target.origin.on("/plain", Given(b"plain", (("Content-Type", "text/x"), ("X-Own", "kept")), 418))
    with opened(target.port, "/plain", "PUT", b"body") as response:
        assert (response.status, response.headers["content-type"], response.headers["x-own"]) == (
            418,
            "text/x",
            "kept",
        )
        assert response.rest() == "plain"
    assert target.origin.wait_asked("/plain", 1).body == b"body"


def test_a_connection_serves_further_requests_after_a_held_one(target: Target) -> None:
    target.origin.on("/again", waiting("again"))
    target.origin.on("/plain-again", Given(b"plain"))
    with sent(target.port, "/again", body=b"{}") as connection:
        target.wait_held("again")
        target.publish([answer("again", body="done")])
        assert connection.getresponse().read() == b"done"
        connection.request("GET", "/plain-again")
        assert connection.getresponse().read() == b"plain"
