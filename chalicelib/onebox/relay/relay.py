"""The embedded GRIP relay: an ASGI application in front of the origin that holds what the origin asks
it to hold.

It knows nothing of workspaces, tokens or MCP. Clients never see a Grip header and never send one. A
request that follows a next link carries nothing of the client's own request but the host, as with
any GRIP proxy: the link has to be its own credential. `publish` may be called from any thread;
everything else happens on the event loop.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.onebox.asgi import App, Receive, Scope, Send
from chalicelib.onebox.relay import grip
from chalicelib.onebox.relay.channels import Channels, Topic
from chalicelib.onebox.relay.exchange import Exchange
from chalicelib.onebox.relay.grip import Item
from chalicelib.onebox.relay.held import HeldResponse
from chalicelib.onebox.relay.origin import Origin
from chalicelib.onebox.relay.stream import Stream
from chalicelib.onebox.relay.surroundings import Counters, Limits, Surroundings

log = logging.getLogger("handrail.relay")
SWEEP_EVERY = 10.0
DELIVERIES_A_TURN = 5_000


@dataclass(frozen=True, slots=True)
class Stats:
    streams: int
    responses: int
    channels: int
    published: int
    duplicates: int
    delivered: int
    recovered: int
    slow_readers_closed: int


class Relay:
    def __init__(
        self, upstream: App, *, limits: Limits | None = None, signature: Callable[[], str] | None = None
    ) -> None:
        self._upstream = upstream
        self._origin = Origin(upstream, signature)
        self._limits = limits or Limits()
        self._streams: Channels[Stream] = Channels()
        self._responses: Channels[HeldResponse] = Channels()
        self._held: set[HeldResponse] = set()
        self._around: Surroundings | None = None
        self._lock = threading.Lock()
        self._published: deque[Item] = deque()
        self._delivering = False
        self._counts = {"published": 0, "duplicates": 0}

    # -- publishing ---------------------------------------------------------------------

    def publish(self, items: Sequence[Mapping[str, object]]) -> None:
        """Take items in the order given. A malformed one raises `GripError`, and then none is taken."""
        parsed = [grip.item(published) for published in items]
        with self._lock:
            self._published.extend(parsed)
            if self._around is None or self._delivering:
                return
            self._delivering = True
            loop = self._around.loop
        try:
            loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:
            log.warning("published after the event loop had closed", extra={"fields": {"items": len(parsed)}})

    def _deliver(self) -> None:
        """Hand out a turn's worth of items, then one write a stream: a flood does not block the loop."""
        assert self._around is not None
        now, touched, left = self._around.loop.time(), dict[Stream, None](), DELIVERIES_A_TURN
        try:
            while self._published and left > 0:
                item = self._published.popleft()
                self._counts["published"] += 1
                left -= 1 + self._to_streams(item, now, touched) + self._to_responses(item, now)
            for stream in touched:
                stream.flush()
        finally:
            with self._lock:
                self._delivering = bool(self._published)
            if self._delivering:
                self._around.loop.call_soon(self._deliver)

    def _to_streams(self, item: Item, now: float, touched: dict[Stream, None]) -> int:
        if item.frame is None and item.stream_action is None:
            return 0
        topic = self._streams.record(item, now)
        if topic is None:
            self._counts["duplicates"] += 1
            return 0
        if item.stream_action is not None:
            for subscription in tuple(topic.subscriptions):
                if item.stream_action == "close":
                    subscription.listener.end()
                else:
                    subscription.listener.follow_link()
        else:
            self._frame_to_streams(item, topic, touched)
        return len(topic.subscriptions)

    def _frame_to_streams(self, item: Item, topic: Topic[Stream], touched: dict[Stream, None]) -> None:
        assert self._around is not None
        id, prev_id, frame, delivered = item.id, item.prev_id, item.frame, 0
        for subscription in tuple(topic.subscriptions):
            stream, last_id = subscription.listener, subscription.last_id
            if frame and stream.live and (last_id == prev_id or last_id is None or id is None):
                if id is not None:
                    subscription.last_id = id
                stream.out.append(frame)
                delivered += 1
            else:
                stream.offer(subscription, item)
            touched[stream] = None
        self._around.counters.delivered += delivered

    def _to_responses(self, item: Item, now: float) -> int:
        if item.answer is None and item.response_action is None:
            return 0
        topic = self._responses.record(item, now)
        if topic is None:
            return 0
        listeners = tuple(topic.subscriptions)
        for subscription in listeners:
            subscription.listener.offer(subscription, item)
        return len(listeners)

    # -- the outside --------------------------------------------------------------------

    def close_all(self) -> None:
        """End every stream and answer every held response with what it has. On the event loop's thread."""
        for stream in tuple(self._around.streams if self._around else ()):
            stream.end()
        for held in tuple(self._held):
            held.server_stopping()

    def stats(self) -> Stats:
        counters = self._around.counters if self._around else Counters()
        return Stats(
            streams=len(self._around.streams) if self._around else 0,
            responses=len(self._held),
            channels=len(self._streams) + len(self._responses),
            published=self._counts["published"],
            duplicates=self._counts["duplicates"],
            delivered=counters.delivered,
            recovered=counters.recovered,
            slow_readers_closed=counters.slow,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._upstream(scope, receive, send)
            return
        exchange = Exchange(self._bind(), self._responses, self._held, scope, receive, send)
        await exchange.run(self._upstream)

    def _bind(self) -> Surroundings:
        if self._around is None:
            loop = asyncio.get_running_loop()
            around = Surroundings(loop, self._streams, self._origin.fetch, self._limits, Counters(), set(), set())
            with self._lock:
                self._around = around
                self._delivering = True
            self._deliver()
            self._sweep()
        return self._around

    def _sweep(self) -> None:
        assert self._around is not None
        now = self._around.loop.time()
        self._streams.forget_idle(now)
        self._responses.forget_idle(now)
        self._around.loop.call_later(SWEEP_EVERY, self._sweep)
