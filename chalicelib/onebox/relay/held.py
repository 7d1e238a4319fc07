"""A held response: answered by what is published, or by itself at the timeout, or asked again at the
origin.

It is asked again when the origin cannot have known of something published on its channels, and on a
hint.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

from chalicelib.onebox.relay.channels import Channels, Subscription
from chalicelib.onebox.relay.grip import Answer, Channel, Item

Headers = list[tuple[bytes, bytes]]
Verdict = Item | Literal["again", "timeout", "lost", "stopping"]


@dataclass(frozen=True, slots=True)
class Initial:
    """The origin's own answer, sent when nothing better comes."""

    status: int
    headers: Headers
    body: bytes

    def answered(self, answer: Answer) -> "Initial":
        headers = list(self.headers)
        for name, value in ((n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in answer.headers):
            headers = [pair for pair in headers if pair[0].lower() != name] + [(name, value)]
        return Initial(answer.code or self.status, headers, self.body if answer.body is None else answer.body)


class HeldResponse:
    __slots__ = ("_subscriptions", "_verdict")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        channels: "Channels[HeldResponse]",
        wanted: tuple[Channel, ...],
    ) -> None:
        self._verdict: asyncio.Future[Verdict] = loop.create_future()
        self._subscriptions = tuple(channels.topic(c.name).subscribe(self, c.prev_id) for c in wanted)

    def missed(self, since: int) -> bool:
        return any(subscription.missed(since) for subscription in self._subscriptions)

    def differs(self) -> bool:
        return any(subscription.differs() for subscription in self._subscriptions)

    def positions(self) -> dict[str, str]:
        return {s.topic.name: s.last_id for s in self._subscriptions if s.last_id is not None}

    async def verdict(self, timeout: float) -> Verdict:
        try:
            return await asyncio.wait_for(self._verdict, timeout)
        except TimeoutError:
            return "timeout"

    def release(self) -> None:
        for subscription in self._subscriptions:
            subscription.cancel()

    def _decide(self, verdict: Verdict) -> None:
        if not self._verdict.done():
            self._verdict.set_result(verdict)

    def offer(self, subscription: "Subscription[HeldResponse]", item: Item) -> None:
        if item.response_action == "hint":
            self._decide("again")
        elif item.response_action == "close":
            self._decide("timeout")
        elif item.answer is not None and not subscription.is_stale(item):
            self._decide(item if subscription.accepts(item) else "again")

    def connection_lost(self) -> None:
        self._decide("lost")

    def connection_writable(self) -> None:
        """Nothing is written while the response is held."""

    def server_stopping(self) -> None:
        self._decide("stopping")
