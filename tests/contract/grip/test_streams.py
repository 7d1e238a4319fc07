"""GRIP's stream hold as the program uses it. Channels and paths are each test's own, so one relay serves them all."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.contract.grip.client import opened
from tests.contract.grip.conftest import Target
from tests.contract.grip.origin import Asked, Given, hold


def frame(channel: str, text: str, id: str | None = None, prev_id: str | None = None) -> dict[str, object]:
    item: dict[str, object] = {"channel": channel, "formats": {"http-stream": {"content": text}}}
    return item | ({"id": id} if id else {}) | ({"prev-id": prev_id} if prev_id else {})


def act(channel: str, action: str) -> dict[str, object]:
    return {"channel": channel, "formats": {"http-stream": {"action": action}}}


def test_the_initial_body_comes_first_and_published_frames_follow(target: Target) -> None:
    target.origin.on("/first", hold(b"hello\n", "first"))
    with opened(target.port, "/first") as stream:
        assert stream.line() == "hello"
        target.publish([frame("first", "one\n"), frame("first", "two\n")])
        assert stream.lines(2) == ["one", "two"]


def test_a_frame_arrives_while_others_are_published_without_a_pause(target: Target) -> None:
    target.origin.on("/busy", hold(b"hello\n", "busy"))
    with opened(target.port, "/busy") as stream, ThreadPoolExecutor(1) as pool:
        assert stream.line() == "hello"
        first, pause, published = pool.submit(stream.line), threading.Event(), 0
        while not first.done() and published < 400:
            published += 1
            target.publish([frame("busy", f"{published}\n")])
            pause.wait(0.005)
        assert first.done()
        assert first.result() == "1"


def test_a_stream_listens_to_all_its_channels(target: Target) -> None:
    target.origin.on("/several", hold(b"hello\n", "several-a, several-b", "several-c"))
    with opened(target.port, "/several") as stream:
        assert stream.line() == "hello"
        for channel in ("several-a", "several-b", "several-c"):
            target.publish([frame(channel, f"{channel}\n")])
            assert stream.line() == channel


def test_grip_headers_never_cross_the_relay(target: Target) -> None:
    target.origin.on("/secret", hold(b"hello\n", "secret"))
    with opened(target.port, "/secret", Grip_Last="secret; last-id=9", Grip_Hold="x", X_Own="kept") as stream:
        assert not [name for name in stream.headers if name.lower().startswith("grip-")]
    asked = target.origin.wait_asked("/secret", 1)
    assert "grip-last" not in asked.headers
    assert "grip-hold" not in asked.headers
    assert asked.headers["x-own"] == "kept"


def test_items_out_of_order_are_put_in_order_and_repeated_ones_dropped(target: Target) -> None:
    def page(asked: Asked) -> Given:
        last = asked.headers["grip-last"].partition("=")[2]
        return hold(b"", f"order; prev-id={last}, order-end", link="</order/next>; rel=next")

    target.origin.on("/order", hold(b"hello\n", "order; prev-id=0, order-end", link="</order/next>; rel=next"))
    target.origin.on("/order/next", page)
    with opened(target.port, "/order") as stream:
        assert stream.line() == "hello"
        target.publish(
            [
                frame("order", "one\n", "1", "0"),
                frame("order", "three\n", "3", "2"),
                frame("order", "two\n", "2", "1"),
                frame("order", "one\n", "1", "0"),
                frame("order", "three\n", "3", "2"),
                frame("order", "four\n", "4", "3"),
            ]
        )
        assert stream.lines(4) == ["one", "two", "three", "four"]
        target.publish([act("order-end", "close")])
        assert stream.rest() == ""


def test_a_gap_is_filled_through_the_next_link(target: Target) -> None:
    log = {1: "one\n", 2: "two\n", 3: "three\n"}

    def page(asked: Asked) -> Given:
        channel, _, last = asked.headers["grip-last"].partition("; last-id=")
        assert channel == "gap"
        missed = "".join(text for seq, text in log.items() if seq > int(last))
        return hold(missed.encode(), f"gap; prev-id={max(log)}", link="</gap/next>; rel=next")

    target.origin.on("/gap", hold(b"hello\n", "gap; prev-id=3", link="</gap/next>; rel=next"))
    target.origin.on("/gap/next", page)
    with opened(target.port, "/gap") as stream:
        assert stream.line() == "hello"
        log |= {4: "four\n", 5: "five\n", 6: "six\n"}
        target.publish([frame("gap", "six\n", "6", "5")])
        assert stream.lines(3) == ["four", "five", "six"]
        log[7] = "seven\n"
        target.publish([frame("gap", "seven\n", "7", "6")])
        assert stream.line() == "seven"


def test_what_is_published_between_the_answer_and_the_hold_arrives(target: Target) -> None:
    log = ["one\n"]

    def open_stream(asked: Asked) -> Given:
        log.append("two\n")
        target.publish([frame("between", "two\n", "2", "1")])
        return hold(b"one\n", "between; prev-id=1", link="</between/next>; rel=next")

    def page(asked: Asked) -> Given:
        last = int(asked.headers["grip-last"].partition("=")[2])
        return hold("".join(log[last:]).encode(), f"between; prev-id={len(log)}", link="</between/next>; rel=next")

    target.origin.on("/between", open_stream)
    target.origin.on("/between/next", page)
    with opened(target.port, "/between") as stream:
        assert stream.lines(2) == ["one", "two"]


def test_a_hint_published_while_the_stream_opens_is_not_lost(target: Target) -> None:
    def open_stream(asked: Asked) -> Given:
        target.publish([act("early", "hint")])
        return hold(b"hello\n", "early", link="</early/next>; rel=next")

    target.origin.on("/early", open_stream)
    target.origin.on("/early/next", hold(b"news\n", "early", link="</early/later>; rel=next"))
    target.origin.on("/early/later", hold(b"", "early", link="</early/later>; rel=next"))
    with opened(target.port, "/early") as stream:
        assert stream.lines(2) == ["hello", "news"]


def test_a_hint_makes_the_relay_follow_the_next_link(target: Target) -> None:
    news: list[str] = []

    def page(asked: Asked) -> Given:
        fresh = "".join(news)
        news.clear()
        return hold(fresh.encode(), "hint", link="</hint/next>; rel=next")

    target.origin.on("/hint", hold(b"hello\n", "hint", link="</hint/next>; rel=next"))
    target.origin.on("/hint/next", page)
    with opened(target.port, "/hint") as stream:
        assert stream.line() == "hello"
        for text in ("one", "two", "three"):
            news.append(f"{text}\n")
            target.publish([act("hint", "hint")])
            assert stream.line() == text


def test_a_link_request_carries_nothing_of_the_clients_own(target: Target) -> None:
    target.origin.on("/bare", hold(b"hello\n", "bare; prev-id=7", link="</bare/next>; rel=next"))
    target.origin.on("/bare/next", hold(b"page\n", "bare; prev-id=7", link="</bare/next>; rel=next"))
    with opened(target.port, "/bare", Authorization="Bearer x", Cookie="a=b", Last_Event_ID="5") as stream:
        assert stream.line() == "hello"
        target.publish([act("bare", "hint")])
        assert stream.line() == "page"
    asked = target.origin.wait_asked("/bare/next", 1)
    assert asked.method == "GET"
    assert asked.headers["grip-last"] == "bare; last-id=7"
    assert not {"authorization", "cookie", "last-event-id"} & asked.headers.keys()


def test_pages_without_a_hold_are_followed_at_once(target: Target) -> None:
    def page(asked: Asked) -> Given:
        if asked.number < 4:
            return Given(f"page {asked.number}\n".encode(), (("Grip-Link", "</pages/next>; rel=next"),))
        return hold(b"last page\n", "pages", link="</pages/end>; rel=next")

    target.origin.on("/pages", hold(b"hello\n", "pages", link="</pages/next>; rel=next"))
    target.origin.on("/pages/next", page)
    target.origin.on("/pages/end", hold(b"", "pages", link="</pages/end>; rel=next"))
    with opened(target.port, "/pages") as stream:
        assert stream.line() == "hello"
        target.publish([act("pages", "hint")])
        assert stream.lines(4) == ["page 1", "page 2", "page 3", "last page"]
        target.publish([frame("pages", "live\n")])
        assert stream.line() == "live"


def test_a_hint_published_while_the_link_is_followed_is_not_lost(target: Target) -> None:
    def page(asked: Asked) -> Given:
        if asked.number == 1:
            target.publish([act("again", "hint")])
        return hold(f"page {asked.number}\n".encode(), "again", link="</again/next>; rel=next")

    target.origin.on("/again", hold(b"hello\n", "again", link="</again/next>; rel=next"))
    target.origin.on("/again/next", page)
    with opened(target.port, "/again") as stream:
        assert stream.line() == "hello"
        target.publish([act("again", "hint")])
        assert stream.lines(2) == ["page 1", "page 2"]


def test_a_page_replaces_the_channels(target: Target) -> None:
    target.origin.on("/moved", hold(b"hello\n", "moved-old", link="</moved/next>; rel=next"))
    target.origin.on("/moved/next", hold(b"page\n", "moved-new", link="</moved/end>; rel=next"))
    target.origin.on("/moved/end", hold(b"", "moved-new", link="</moved/end>; rel=next"))
    with opened(target.port, "/moved") as stream:
        assert stream.line() == "hello"
        target.publish([act("moved-old", "hint")])
        assert stream.line() == "page"
        target.origin.wait_asked("/moved/next", 1)
        target.publish([frame("moved-old", "old\n"), frame("moved-new", "new\n")])
        assert stream.line() == "new"


def test_a_page_with_neither_hold_nor_link_ends_the_stream_cleanly(target: Target) -> None:
    target.origin.on("/over", hold(b"hello\n", "over", link="</over/next>; rel=next"))
    target.origin.on("/over/next", Given(b"goodbye\n"))
    with opened(target.port, "/over") as stream:
        assert stream.line() == "hello"
        target.publish([act("over", "hint")])
        assert stream.rest() == "goodbye\n"


def test_an_error_on_the_next_link_is_tried_again_and_does_not_end_the_stream(target: Target) -> None:
    def page(asked: Asked) -> Given:
        if asked.number == 1:
            return Given(b"oops", status=503)
        return hold(b"recovered\n", "flaky", link="</flaky/end>; rel=next")

    target.origin.on("/flaky", hold(b"hello\n", "flaky", link="</flaky/next>; rel=next"))
    target.origin.on("/flaky/next", page)
    target.origin.on("/flaky/end", hold(b"", "flaky", link="</flaky/end>; rel=next"))
    with opened(target.port, "/flaky") as stream:
        assert stream.line() == "hello"
        target.publish([act("flaky", "hint")])
        assert stream.line() == "recovered"


def test_the_next_link_is_followed_again_in_quiet_times(target: Target) -> None:
    target.origin.on("/quiet", hold(b"hello\n", "quiet", link="</quiet/next>; rel=next; timeout=1"))
    target.origin.on("/quiet/next", hold(b"", "quiet", link="</quiet/next>; rel=next; timeout=1"))
    with opened(target.port, "/quiet"):
        target.origin.wait_asked("/quiet/next", 2)


def test_an_idle_stream_is_kept_alive(target: Target) -> None:
    keep = r": still here\n\n; format=cstring; timeout=1"
    target.origin.on("/idle", hold(b"hello\n", "idle", keep=keep))
    with opened(target.port, "/idle") as stream:
        assert stream.lines(5) == ["hello", ": still here", "", ": still here", ""]


def test_close_ends_the_streams_of_a_channel_and_no_others(target: Target) -> None:
    target.origin.on("/mine", hold(b"hello\n", "both, mine"))
    target.origin.on("/yours", hold(b"hello\n", "both, yours"))
    with opened(target.port, "/mine") as mine, opened(target.port, "/yours") as yours:
        assert mine.line() == yours.line() == "hello"
        target.publish([frame("both", "last\n")])
        assert mine.line() == yours.line() == "last"
        target.publish([act("mine", "close"), frame("both", "more\n")])
        assert mine.rest() == ""
        assert yours.line() == "more"
