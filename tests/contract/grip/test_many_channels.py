"""One hold on many numbered channels, as the stream over all workspaces of a person uses it."""

from chalicelib.kernel import grip
from tests.contract.grip.client import opened
from tests.contract.grip.conftest import Target
from tests.contract.grip.origin import Asked, Given, hold
from tests.contract.grip.test_streams import act, frame


class Origin:
    """Logs of several channels, and pages of all that a relay does not have of them."""

    def __init__(self, target: Target, name: str, *channels: str) -> None:
        self.target, self.name = target, name
        self.logs: dict[str, list[str]] = {f"{name}-{channel}": [] for channel in channels}
        target.origin.on(f"/{name}", self.held(b"hello\n"))
        target.origin.on(f"/{name}/next", self.page)

    def write(self, channel: str, text: str, *, publish: bool = True) -> None:
        log = self.logs[f"{self.name}-{channel}"]
        log.append(text)
        if publish:
            item = frame(f"{self.name}-{channel}", text, str(len(log)), str(len(log) - 1))
            self.target.publish([item])

    def add(self, channel: str) -> None:
        self.logs[f"{self.name}-{channel}"] = []

    def drop(self, channel: str) -> None:
        del self.logs[f"{self.name}-{channel}"]

    def hint(self) -> None:
        self.target.publish([act(f"{self.name}-hints", "hint")])

    def wait_asked_from(self, positions: dict[str, int]) -> None:
        """Until a link request comes that tells of these positions; relays may also ask on their own account."""
        wanted, times = {f"{self.name}-{channel}": last for channel, last in positions.items()}, 1
        while grip.last_sent(self.target.origin.wait_asked(f"/{self.name}/next", times).grip_last) != wanted:
            times += 1

    def page(self, asked: Asked) -> Given:
        sent = grip.last_sent(asked.grip_last)
        content = "".join("".join(log[sent.get(channel, 0) :]) for channel, log in self.logs.items())
        return self.held(content.encode())

    def held(self, content: bytes) -> Given:
        numbered = [f"{channel}; prev-id={len(log)}" for channel, log in self.logs.items()]
        channels = ", ".join([f"{self.name}-hints", *numbered])
        return hold(content, channels, link=f"</{self.name}/next>; rel=next")


def test_each_channel_goes_on_from_its_own_number(target: Target) -> None:
    origin = Origin(target, "own", "a", "b")
    with opened(target.port, "/own") as stream:
        assert stream.line() == "hello"
        for channel, text in (("a", "a1\n"), ("b", "b1\n"), ("b", "b2\n"), ("a", "a2\n")):
            origin.write(channel, text)
            assert stream.line() == text.strip()


def test_a_link_request_tells_of_every_numbered_channel_how_far_the_relay_is(target: Target) -> None:
    origin = Origin(target, "far", "a", "b", "c")
    with opened(target.port, "/far") as stream:
        assert stream.line() == "hello"
        for channel in ("a", "b", "b"):
            origin.write(channel, f"{channel}\n")
            assert stream.line() == channel
        origin.hint()
        origin.wait_asked_from({"a": 1, "b": 2, "c": 0})


def test_a_gap_in_one_channel_is_filled_and_none_is_doubled(target: Target) -> None:
    origin = Origin(target, "holes", "a", "b")
    with opened(target.port, "/holes") as stream:
        assert stream.line() == "hello"
        origin.write("a", "a1\n")
        assert stream.line() == "a1"
        origin.write("b", "b1\n", publish=False)
        origin.write("b", "b2\n")
        assert stream.lines(2) == ["b1", "b2"]
        origin.write("a", "a2\n")
        assert stream.line() == "a2"


def test_a_page_adds_a_numbered_channel_and_keeps_the_others(target: Target) -> None:
    origin = Origin(target, "grows", "a")
    with opened(target.port, "/grows") as stream:
        assert stream.line() == "hello"
        origin.add("b")
        origin.write("b", "b1\n")
        origin.hint()
        assert stream.line() == "b1"
        origin.write("b", "b2\n")
        assert stream.line() == "b2"
        origin.write("a", "a1\n")
        assert stream.line() == "a1"


def test_a_page_drops_a_numbered_channel_and_keeps_the_others(target: Target) -> None:
    origin = Origin(target, "shrinks", "a", "b")
    with opened(target.port, "/shrinks") as stream:
        assert stream.line() == "hello"
        origin.drop("a")
        origin.write("b", "b1\n", publish=False)
        origin.hint()
        assert stream.line() == "b1"
        target.publish([frame("shrinks-a", "a1\n", "1", "0")])
        origin.write("b", "b2\n")
        assert stream.line() == "b2"


def test_what_is_published_on_an_added_channel_before_the_hold_arrives(target: Target) -> None:
    origin, raced = Origin(target, "races", "a"), list[Asked]()

    def page(asked: Asked) -> Given:
        given = origin.page(asked)
        if "races-b" in origin.logs and not raced:
            raced.append(asked)
            origin.write("b", "b2\n")
            origin.write("a", "a1\n")
        return given

    target.origin.on("/races/next", page)
    with opened(target.port, "/races") as stream:
        assert stream.line() == "hello"
        origin.add("b")
        origin.write("b", "b1\n")
        origin.hint()
        assert stream.line() == "b1"
        assert sorted(stream.lines(2)) == ["a1", "b2"]
        origin.write("a", "a2\n")
        assert stream.line() == "a2"
        origin.write("b", "b3\n")
        assert stream.line() == "b3"


def test_a_connection_may_listen_to_as_many_channels_as_the_program_uses(target: Target) -> None:
    channels = [str(number) for number in range(grip.MOST_CHANNELS - 1)]
    origin = Origin(target, "many", *channels)
    with opened(target.port, "/many") as stream:
        assert stream.line() == "hello"
        for channel in channels:
            origin.write(channel, f"{channel}\n")
        assert sorted(stream.lines(len(channels))) == sorted(channels)
        origin.hint()
        origin.wait_asked_from(dict.fromkeys(channels, 1))
