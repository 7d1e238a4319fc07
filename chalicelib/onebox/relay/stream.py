"""A held stream: frames in order per channel, gaps and hints filled through the next link, a slow
reader closed.

It is in one of two states. *Live*: items go straight out, those ahead of their predecessor wait
`gap_wait`. *Recovering*: the next link is being followed; items wait for the page, which tells
where each channel stands. Unsent bytes never pass the bound by more than one page of recovery: past
it the connection is cut, and the client resumes from the log. A page is asked for only when the one
before it has left.
"""

import asyncio
import logging

from chalicelib.onebox.relay.channels import Subscription
from chalicelib.onebox.relay.connection import Connection
from chalicelib.onebox.relay.grip import GripError, Instruct, Item, KeepAlive, Link, chunk
from chalicelib.onebox.relay.surroundings import FetchFailed, Surroundings

PARKED_MOST = 256
log = logging.getLogger("handrail.relay")


class Stream:
    __slots__ = (
        "_again",
        "_allowance",
        "_around",
        "_connection",
        "_drained",
        "_gap",
        "_heard_at",
        "_host",
        "_keep_alive",
        "_link",
        "_sent_at",
        "_timer",
        "ended",
        "live",
        "out",
        "parked",
        "recovering",
        "subscriptions",
    )

    def __init__(self, around: Surroundings, connection: Connection, host: bytes, first_page: int) -> None:
        self._around = around
        self._connection = connection
        self._host = host
        self._allowance = first_page
        self._link: Link | None = None
        self._keep_alive: KeepAlive | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._gap: asyncio.TimerHandle | None = None
        self._drained: asyncio.Future[None] | None = None
        self._again = False
        self._sent_at = self._heard_at = around.loop.time()
        self.subscriptions: tuple[Subscription[Stream], ...] = ()
        self.out: list[bytes] = []
        self.parked: list[tuple[Subscription[Stream], Item]] | None = None
        self.recovering = False
        self.ended = False
        self.live = True
        around.streams.add(self)

    # -- what it listens to -------------------------------------------------------------

    def begin(self, instruct: Instruct, since: int) -> None:
        """Hold as told; `since` is the relay's mark from before the origin was asked."""
        self._follow_instruct(instruct)
        if instruct.mode is None or self._is_behind(since):
            self.follow_link()
        self._arm()

    def _follow_instruct(self, instruct: Instruct) -> None:
        self._link = instruct.link
        if instruct.mode is None:
            return
        if instruct.keep_alive is not None:
            self._keep_alive = instruct.keep_alive
        stale, channels = self.subscriptions, self._around.channels
        self.subscriptions = tuple(
            channels.topic(channel.name).subscribe(self, channel.prev_id) for channel in instruct.channels
        )
        if stale:
            self._carry_over(stale)

    def _carry_over(self, stale: "tuple[Subscription[Stream], ...]") -> None:
        """Parked items wait on under the subscription that took the place of their own."""
        by_topic = {subscription.topic: subscription for subscription in self.subscriptions}
        for subscription in stale:
            subscription.cancel()
        if self.parked is not None:
            moved = ((by_topic.get(subscription.topic), item) for subscription, item in self.parked)
            self.parked = [(subscription, item) for subscription, item in moved if subscription is not None]

    def _is_behind(self, since: int) -> bool:
        return any(s.missed(since) or s.differs() for s in self.subscriptions)

    # -- items --------------------------------------------------------------------------

    def offer(self, subscription: "Subscription[Stream]", item: Item) -> None:
        """An item that the fast path could not take."""
        if self.recovering:
            self._park(subscription, item)
        elif subscription.is_stale(item):
            self._unpark()
        elif subscription.accepts(item):
            self._take(subscription, item)
            self._unpark()
        else:
            self._park(subscription, item)
            if self._gap is None:
                self._gap = self._around.loop.call_later(self._around.limits.gap_wait, self._gap_passed)

    def _take(self, subscription: "Subscription[Stream]", item: Item) -> None:
        if item.id is not None:
            subscription.last_id = item.id
        if item.frame:
            self.out.append(item.frame)
            self._around.counters.delivered += 1

    def _park(self, subscription: "Subscription[Stream]", item: Item) -> None:
        self.live = False
        if self.parked is None:
            self.parked = []
        self.parked.append((subscription, item))
        if len(self.parked) <= PARKED_MOST:
            return
        if any(waiting.id is None for _, waiting in self.parked):
            self._cut()  # what has no number cannot be recovered here; the client's reconnect does it
            return
        self.parked = None
        self.follow_link()

    def _unpark(self) -> None:
        """Deliver what now fits, drop what is known to be past, keep the rest waiting."""
        waiting, self.parked = self.parked or [], None
        moved = True
        while moved and waiting:
            moved, kept = False, []
            for subscription, item in waiting:
                if subscription.is_stale(item):
                    moved = True
                elif subscription.accepts(item):
                    self._take(subscription, item)
                    moved = True
                else:
                    kept.append((subscription, item))
            waiting = kept
        self.parked = waiting or None
        self.live = not self.recovering and self.parked is None

    def _gap_passed(self) -> None:
        self._gap = None
        if self.parked and not self.recovering and not self.ended:
            self.parked = None
            self.follow_link()

    # -- the next link ------------------------------------------------------------------

    def follow_link(self) -> None:
        """Ask the origin for what comes next; asked while asking, it asks once more."""
        if self.ended or (self._link is None and not self.recovering):
            return
        if self.recovering:
            self._again = True
            return
        self.recovering, self.live = True, False
        task = self._around.loop.create_task(self._recover())
        self._around.tasks.add(task)
        task.add_done_callback(self._recovery_ended)

    def _recovery_ended(self, task: "asyncio.Task[None]") -> None:
        self._around.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a stream could not be recovered", exc_info=task.exception())
            self._cut()

    async def _recover(self) -> None:
        while not self.ended and self._link is not None:
            await self._drain()
            self._again, since, before = False, self._around.channels.mark, self._positions()
            try:
                instruct, body = await self._fetch(self._link)
            except FetchFailed:
                self.end()
                return
            if self.ended:
                return
            self._send_page(body)
            if instruct is None or (instruct.mode is None and instruct.link is None):
                self.end()
                return
            self._follow_instruct(instruct)
            self._deliver_parked()
            moved = bool(body) or before != self._positions() or self._around.channels.mark > since
            if instruct.mode is not None and not self._again and not (moved and self._is_behind(since)):
                break
        self._around.counters.recovered += 1
        self.recovering = False
        self._deliver_parked()
        self._arm()

    def _positions(self) -> dict[str, str]:
        """Where each numbered channel stands, as `Grip-Last` tells it."""
        return {s.topic.name: s.last_id for s in self.subscriptions if s.last_id is not None}

    async def _fetch(self, link: Link) -> tuple[Instruct | None, bytes]:
        for delay in (*self._around.limits.retries, None):
            try:
                return await self._around.fetch(link.uri, self._host, self._positions())
            except (FetchFailed, GripError):
                if delay is None or self.ended:
                    raise FetchFailed from None
                await asyncio.sleep(delay)
        raise FetchFailed

    def _send_page(self, body: bytes) -> None:
        self.flush()
        if body and not self.ended:
            self._allowance = len(body)
            self._write(chunk(body))

    def _deliver_parked(self) -> None:
        self._unpark()
        if self.parked and not self.recovering and self._gap is None:
            self._gap = self._around.loop.call_later(self._around.limits.gap_wait, self._gap_passed)
        self.flush()

    async def _drain(self) -> None:
        if not self._connection.congested() or self.ended:
            return
        self._drained = self._around.loop.create_future()
        try:
            await asyncio.wait_for(self._drained, self._around.limits.stalled_for)
        except TimeoutError:
            self._cut()
        finally:
            self._drained = None

    # -- the connection -----------------------------------------------------------------

    def flush(self) -> None:
        if not self.out:
            return
        data = self.out[0] if len(self.out) == 1 else b"".join(self.out)
        self.out.clear()
        self._write(data)

    def _write(self, data: bytes) -> None:
        if self.ended:
            return
        self._sent_at = self._heard_at = self._around.loop.time()
        self._connection.write(data)
        limit, unsent = self._around.limits.unsent_bytes, self._connection.unsent()
        if unsent > limit + self._allowance:
            self._cut()
        elif not unsent:
            self._allowance = 0

    def _arm(self) -> None:
        """One timer a stream: it wakes when something may be due, and looks."""
        if self._timer is not None or self.ended:
            return
        dues = []
        if self._keep_alive is not None:
            dues.append(self._sent_at + self._keep_alive.timeout)
        if self._link is not None and self._link.timeout and not self.recovering:
            dues.append(self._heard_at + self._link.timeout)
        if dues:
            self._timer = self._around.loop.call_at(max(min(dues), self._around.loop.time()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._around.loop.time()
        if self._keep_alive is not None and now >= self._sent_at + self._keep_alive.timeout:
            if self._connection.congested() and now >= self._heard_at + self._around.limits.stalled_for:
                self._cut()
            elif not self._connection.congested():
                self._connection.write(self._keep_alive.frame)
            self._sent_at = now
        quiet_limit = self._link.timeout if self._link is not None else None
        if quiet_limit and not self.recovering and now >= self._heard_at + quiet_limit:
            self._heard_at = now
            self.follow_link()
        self._arm()

    def _cut(self) -> None:
        """The reader is too slow: it comes back by itself and resumes from the log."""
        if not self.ended:
            self._around.counters.slow += 1
            self._release()
            self._connection.abort()

    def end(self) -> None:
        if not self.ended:
            self.flush()
        if not self.ended:
            self._release()
            self._connection.finish()

    def _release(self) -> None:
        self.ended, self.live = True, False
        for handle in (self._timer, self._gap):
            if handle is not None:
                handle.cancel()
        self._timer = self._gap = self.parked = None
        for subscription in self.subscriptions:
            subscription.cancel()
        self.subscriptions = ()
        self.out.clear()
        self._around.streams.discard(self)
        self.connection_writable()

    def connection_lost(self) -> None:
        if not self.ended:
            self._release()

    def connection_writable(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def server_stopping(self) -> None:
        self.end()
