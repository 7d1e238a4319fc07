"""GRIP: how the program asks a relay to hold a connection, and how it tells the relay what to send on it.

The program never holds a connection itself. It answers with `Grip-*` headers, and later publishes items to channels:
the embedded relay and Pushpin read the same. Channel names:

    ws-<ws>            every event of a workspace, as SSE frames, numbered by `seq`
    ses-<session>      nothing but `close`, when the session is gone: signed out, removed or expired
    member-<ws>-<person>   nothing but `close`, when a person was removed from a workspace
    person-<person>    hints that a workspace of the person came or went; the relay then follows the next link
    tok-<token>        nothing but `close`, when a token died; gone-<ws> the same for a whole workspace
    agent-<ws>-<who>   hints that an agent (or `all`) has something new; the relay then follows the next link
    task-<ws>-<id>     hints that a task changed
    reply-<ws>-<task>, permission-<ws>-<id>   hints that a held call has its answer; the relay then asks again

A relay must let one connection listen to `MOST_CHANNELS` channels (Pushpin: `connection_subscription_max`; what is
above it, Pushpin leaves out without a word).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from chalicelib.kernel.errors import Json
from chalicelib.kernel.relays import Relays, listed
from chalicelib.kernel.settings import settings

Item = dict[str, Json]
Headers = dict[str, str]

MOST_CHANNELS = 110
# Pushpin repeats requests of at most 100,000 bytes, and refuses to hold the answers of longer ones.
MOST_REPEATED = 96_000
EVENT_STREAM = "text/event-stream"
RETRY = "retry: 2000\n"


class Publisher(Protocol):
    def publish(self, items: Sequence[Item]) -> None:
        """Hand `items` to the relay. Raises when it cannot be sure that the relay has them."""


_publisher: Publisher | None = None


def publish_through(publisher: Publisher) -> None:
    global _publisher
    _publisher = publisher


def publish(items: Sequence[Item]) -> None:
    global _publisher
    if not items:
        return
    if _publisher is None:
        _publisher = Relays(listed(settings().grip_publish_url))
    _publisher.publish(items)


def stream(channels: dict[str, str | None], next_link: str, recheck: int) -> Headers:
    """Hold the response as a stream on `channels` (name → id of its last item, if they are numbered).

    After `recheck` seconds of quiet the relay follows the link by itself.
    """
    return {
        "Grip-Hold": "stream",
        "Grip-Channel": _channels(channels),
        "Grip-Keep-Alive": f":\\n\\n; format=cstring; timeout={settings().stream_keep_alive}",
        "Grip-Link": f"<{next_link}>; rel=next; timeout={recheck}",
    }


def more(next_link: str) -> Headers:
    """There is more than fits in one answer: send this, then follow the link at once."""
    return {"Grip-Link": f"<{next_link}>; rel=next"}


def response(channels: Mapping[str, str | None], seconds: float) -> Headers:
    """Hold the whole response on `channels` (name → id of its last hint, if they have ids), at most for `seconds`.

    The relay repeats the request, and so looks the credential up again: after a hint, and when the last hint that it
    saw is another than the answer was made with. What comes between the check and the hold is not missed.
    """
    return {
        "Grip-Hold": "response",
        "Grip-Channel": _channels(channels),
        "Grip-Timeout": str(max(1, round(seconds))),
    }


def _channels(channels: Mapping[str, str | None]) -> str:
    return ", ".join(f"{name}; prev-id={last}" if last is not None else name for name, last in channels.items())


def last_sent(headers: Iterable[str]) -> dict[str, int]:
    """What a relay's `Grip-Last` says: the last item it has sent of each channel whose items are numbered."""
    sent: dict[str, int] = {}
    for entry in ",".join(headers).split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key == "last-id" and value.isascii() and value.isdigit() and len(value) < 16:
                sent[name] = int(value)
    return sent


def frame(channel: str, content: str, seq: int) -> Item:
    return {
        "channel": channel,
        "id": str(seq),
        "prev-id": str(seq - 1),
        "formats": {"http-stream": {"content": content}},
    }


def hint(channel: str, id: str | None = None) -> Item:
    """Something changed for whoever is held on `channel`: streams follow their link, calls are asked again.

    `id`: what calls that are only about to be held there can tell that they came too late by.
    """
    again: Json = {"action": "hint"}
    item: Item = {"channel": channel, "formats": {"http-stream": again, "http-response": again}}
    return item if id is None else item | {"id": id}


def close(channel: str) -> Item:
    """End the streams on `channel`; calls held on it are asked again, and find out why."""
    return {"channel": channel, "formats": {"http-stream": {"action": "close"}, "http-response": {"action": "hint"}}}
