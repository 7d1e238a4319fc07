"""What the embedded relay does beyond GRIP's contract: bounds, shutdown, freeing, and exact catching up."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from chalicelib.onebox.http import HttpServer
from chalicelib.onebox.relay import GripError, Limits, Relay
from tests.contract.grip.client import opened, sent
from tests.contract.grip.origin import Asked, Given, Origin, hold
from tests.support.waiting import eventually

LIMITS = Limits(gap_wait=0.05, unsent_bytes=64 * 1024, stalled_for=0.3, retries=(0.01, 0.01))


@dataclass(frozen=True)
class Running:
    origin: Origin
    relay: Relay
    server: HttpServer
    publish: Callable[..., None]


@contextmanager
def running(limits: Limits = LIMITS, **options: Callable[[], str]) -> Iterator[Running]:
    origin = Origin()
    relay = Relay(origin, limits=limits, **options)
    with HttpServer(relay) as server:
        yield Running(origin, relay, server, lambda *items: relay.publish(items))


@pytest.fixture
def held() -> Iterator[Running]:
    with running() as made:
        yield made


def frame(channel: str, text: str, id: str | None = None, prev_id: str | None = None) -> dict[str, object]:
    item: dict[str, object] = {"channel": channel, "formats": {"http-stream": {"content": text}}}
    return item | ({"id": id} if id else {}) | ({"prev-id": prev_id} if prev_id else {})


def raw(port: int, path: str, receive_buffer: int | None = None) -> socket.socket:
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(10)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def test_a_client_that_leaves_frees_its_stream_and_its_channels(held: Running) -> None:
    held.origin.on("/s", hold(b"hello\n", "a, b"))
    with opened(held.server.port, "/s") as stream:
        assert stream.line() == "hello"
        eventually(lambda: held.relay.stats().streams == 1)
    eventually(lambda: held.relay.stats().streams == 0)
    assert all(not topic.subscriptions for topic in held.relay._streams)


def test_a_client_that_leaves_frees_its_held_response(held: Running) -> None:
    held.origin.on("/r", hold(b"{}", "r", mode="response", timeout=30))
    with sent(held.server.port, "/r"):
        eventually(lambda: held.relay.stats().responses == 1)
    eventually(lambda: held.relay.stats().responses == 0)


def test_a_reader_that_does_not_read_is_cut_and_others_get_everything(held: Running) -> None:
    held.origin.on("/s", hold(b"hello\n", "s"))
    with raw(held.server.port, "/s", receive_buffer=4096), opened(held.server.port, "/s") as good:
        assert good.line() == "hello"
        eventually(lambda: held.relay.stats().streams == 2)
        line = "x" * 20_000 + "\n"
        for _ in range(400):
            held.publish(frame("s", line))
            assert good.line() == line[:-1]
            if held.relay.stats().slow_readers_closed:
                break
        assert held.relay.stats().slow_readers_closed == 1
        assert held.relay.stats().streams == 1


def test_a_page_larger_than_the_bound_does_not_cut_its_reader(held: Running) -> None:
    page = b"".join(b"%07d\n" % number for number in range(1_000_000))
    held.origin.on("/s", hold(page, "s"))
    with opened(held.server.port, "/s") as stream:
        eventually(lambda: held.relay.stats().streams == 1)
        held.publish(frame("s", "live\n"))
        assert stream._answer.read(len(page)) == page
        assert stream.line() == "live"
    assert held.relay.stats().slow_readers_closed == 0


def test_pages_are_asked_for_only_as_fast_as_they_are_read(held: Running) -> None:
    page, count = b"y" * (2**20 - 1) + b"\n", 12

    def give(asked: Asked) -> Given:
        link = (("Grip-Link", "</pages>; rel=next"),) if asked.number < count else ()
        return Given(page, link)

    held.origin.on("/s", Given(b"hello\n", (("Grip-Link", "</pages>; rel=next"),)))
    held.origin.on("/pages", give)
    with opened(held.server.port, "/s") as stream:
        assert stream.line() == "hello"
        held.origin.wait_asked("/pages", 1)
        assert len(stream.rest()) == count * len(page)
    assert len(held.origin.asked("/pages")) == count


def test_a_reader_that_stalls_between_pages_is_cut() -> None:
    with running() as made:
        made.origin.on("/s", Given(b"hello\n", (("Grip-Link", "</pages>; rel=next"),)))
        made.origin.on("/pages", Given(b"y" * 2**20, (("Grip-Link", "</pages>; rel=next"),)))
        with raw(made.server.port, "/s", receive_buffer=4096):
            eventually(lambda: made.relay.stats().slow_readers_closed == 1)
        assert len(made.origin.asked("/pages")) < 10


def test_a_hold_that_is_behind_is_caught_up_at_once(held: Running) -> None:
    quiet = replace(LIMITS, gap_wait=60.0)
    with running(quiet) as made:
        made.publish(frame("s", "one\n", "1", "0"), frame("s", "two\n", "2", "1"))
        made.origin.on("/s", hold(b"", "s; prev-id=1", link="</next>; rel=next"))
        made.origin.on("/next", hold(b"two\n", "s; prev-id=2", link="</next>; rel=next"))
        with opened(made.server.port, "/s") as stream:
            assert stream.line() == "two"
            made.publish(frame("s", "three\n", "3", "2"))
            assert stream.line() == "three"
        assert len(made.origin.asked("/next")) == 1


def test_a_hold_that_is_ahead_drops_what_it_already_sent_without_asking(held: Running) -> None:
    held.origin.on("/s", hold(b"one\ntwo\nthree\n", "s; prev-id=3", link="</next>; rel=next"))
    with opened(held.server.port, "/s") as stream:
        assert stream.lines(3) == ["one", "two", "three"]
        eventually(lambda: held.relay.stats().streams == 1)
        late = [frame("s", f"{n}\n", str(n), str(n - 1)) for n in (1, 2, 3, 4)]
        held.publish(*late)
        assert stream.line() == "4"
    assert held.origin.asked("/next") == []


def test_hints_during_a_page_lead_to_exactly_one_more(held: Running) -> None:
    asked_once, go_on = threading.Event(), threading.Event()

    def page(asked: Asked) -> Given:
        if asked.number == 1:
            asked_once.set()
            assert go_on.wait(10)
        return hold(f"page {asked.number}\n".encode(), "s", link="</next>; rel=next")

    hint = {"channel": "s", "formats": {"http-stream": {"action": "hint"}}}
    held.origin.on("/s", hold(b"hello\n", "s", link="</next>; rel=next"))
    held.origin.on("/next", page)
    with opened(held.server.port, "/s") as stream:
        assert stream.line() == "hello"
        eventually(lambda: held.relay.stats().streams == 1)
        held.publish(hint)
        assert asked_once.wait(10)
        held.publish(hint, hint, hint, frame("s", "live\n"))
        eventually(lambda: held.relay.stats().published == 5)
        go_on.set()
        assert sorted(stream.lines(3)) == ["live", "page 1", "page 2"]
    assert len(held.origin.asked("/next")) == 2


def test_a_next_link_that_keeps_failing_ends_the_stream_cleanly(held: Running) -> None:
    held.origin.on("/s", hold(b"hello\n", "s", link="</next>; rel=next"))
    held.origin.on("/next", Given(b"no", status=500))
    with opened(held.server.port, "/s") as stream:
        eventually(lambda: held.relay.stats().streams == 1)
        held.publish({"channel": "s", "formats": {"http-stream": {"action": "hint"}}})
        assert stream.rest() == "hello\n"
    assert len(held.origin.asked("/next")) == 1 + len(LIMITS.retries)


def test_stopping_ends_streams_cleanly_and_answers_held_responses() -> None:
    with running() as made:
        made.origin.on("/s", hold(b"hello\n", "s"))
        made.origin.on("/r", hold(b"waiting", "r", mode="response", timeout=30))
        with opened(made.server.port, "/s") as stream, sent(made.server.port, "/r") as call:
            eventually(lambda: (made.relay.stats().streams, made.relay.stats().responses) == (1, 1))
            made.server.stop()
            assert stream.rest() == "hello\n"
            assert call.getresponse().read() == b"waiting"
            assert made.relay.stats().streams == 0


def publish_each(held: Running, texts: list[str]) -> None:
    for text in texts:
        held.publish(frame("s", f"{text}\n"))


def test_items_published_by_many_threads_all_arrive_once(held: Running) -> None:
    held.origin.on("/s", hold(b"", "s"))
    with opened(held.server.port, "/s") as stream:
        eventually(lambda: held.relay.stats().streams == 1)
        texts = [[f"{who}-{n}" for n in range(50)] for who in range(8)]
        publishers = [threading.Thread(target=publish_each, args=(held, mine)) for mine in texts]
        for publisher in publishers:
            publisher.start()
        got = stream.lines(400)
        for publisher in publishers:
            publisher.join()
    for mine in texts:
        assert [text for text in got if text in mine] == mine
    assert len(set(got)) == 400


def test_a_link_request_is_signed_when_a_signature_is_given() -> None:
    with running(signature=lambda: "signed") as made:
        made.origin.on("/s", Given(b"", (("Grip-Link", "</next>; rel=next"),)))
        made.origin.on("/next", Given(b"end\n"))
        with opened(made.server.port, "/s") as stream:
            assert stream.rest() == "end\n"
        assert made.origin.asked("/next")[0].headers["grip-sig"] == "signed"


@pytest.mark.parametrize(
    "given",
    [
        hold(b"", "s; prev-id=1"),
        hold(b"", "s", mode="sideways"),
        hold(b"", "s", keep="x; format=morse"),
        hold(b"", ", s"),
    ],
)
def test_senseless_instructions_give_a_bad_gateway_problem(held: Running, given: Given) -> None:
    held.origin.on("/s", given)
    with opened(held.server.port, "/s") as answer:
        assert answer.status == 502
        assert json.loads(answer.rest())["code"] == "bad_gateway"


@pytest.mark.parametrize(
    "item",
    [
        {"channel": "s"},
        {"channel": 1, "formats": {}},
        {"channel": "s", "formats": {"http-stream": "text"}},
        {"channel": "s", "formats": {"http-stream": {"action": "explode"}}},
        {"channel": "s", "formats": {"http-response": {"code": "two hundred"}}},
        {"channel": "s", "formats": {"http-response": {"body-patch": {}}}},
    ],
)
def test_a_malformed_item_is_refused_and_nothing_of_its_batch_is_taken(
    held: Running, item: dict[str, object]
) -> None:
    with pytest.raises(GripError):
        held.publish(frame("s", "good\n"), item)
    assert not held.relay._published


def test_memory_of_channels_is_bounded(held: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.onebox.relay.channels.MOST", 10)
    held.origin.on("/s", Given(b"plain"))
    with opened(held.server.port, "/s") as answer:
        assert answer.rest() == "plain"
    held.publish(*(frame(f"c{n}", "x", "1", "0") for n in range(50)))
    held.publish(*(frame("c49", "x", str(n), str(n - 1)) for n in range(2, 1000)))
    eventually(lambda: held.relay.stats().published == 1048)
    held.relay._streams.forget_idle(0.0)
    assert held.relay.stats().channels == 10
    assert len(held.relay._streams.topic("c49").seen) <= 256
    assert len(held.relay._streams.topic("c49").next) <= 257
