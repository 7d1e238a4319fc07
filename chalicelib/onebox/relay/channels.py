"""What the relay remembers of each channel: who listens, and which items went by lately.

    origin reads its log ──► item 12 published, nobody listens yet ──► hold, "prev-id=11"
                                     └─ remembered here: the hold is behind, and catches up at once

Memory is bounded: the last `IDS` ids a channel, and channels without listeners for `KEEP` seconds,
`MOST` of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from chalicelib.onebox.relay.grip import Item

Listener = TypeVar("Listener")
IDS = 256
KEEP = 30.0
MOST = 20_000


@dataclass(slots=True, eq=False)
class Subscription(Generic[Listener]):
    topic: "Topic[Listener]"
    listener: Listener
    last_id: str | None

    def accepts(self, item: Item) -> bool:
        """A numbered listener takes what follows on its last id, and what has no number at all."""
        return self.last_id is None or item.prev_id == self.last_id or item.id is None

    def is_stale(self, item: Item) -> bool:
        """Whether the listener is known to be at or past this item."""
        if self.last_id is None or item.id is None:
            return False
        return item.id == self.last_id or self.topic.leads(item.id, self.last_id)

    def missed(self, since: int) -> bool:
        """Whether something was published after the mark `since` that may not have reached the listener."""
        return self.topic.mark > since and (self.last_id is None or self.last_id != self.topic.last_id)

    def differs(self) -> bool:
        """Whether the listener stands elsewhere than the last item published here."""
        return None not in (self.last_id, self.topic.last_id) and self.last_id != self.topic.last_id

    def cancel(self) -> None:
        self.topic.subscriptions.pop(self, None)


class Topic(Generic[Listener]):
    __slots__ = ("last_id", "mark", "name", "next", "seen", "subscriptions", "touched")

    def __init__(self, name: str) -> None:
        self.name = name
        self.subscriptions: dict[Subscription[Listener], None] = {}
        self.seen: dict[str, str | None] = {}
        self.next: dict[str, str] = {}
        self.last_id: str | None = None
        self.mark = 0
        self.touched = 0.0

    def subscribe(self, listener: Listener, last_id: str | None) -> Subscription[Listener]:
        subscription = Subscription(self, listener, last_id)
        self.subscriptions[subscription] = None
        return subscription

    def leads(self, earlier: str, later: str) -> bool:
        """Whether the items that went by connect the one to the other."""
        at: str | None = earlier
        for _ in range(len(self.next)):
            at = self.next.get(at) if at is not None else None
            if at == later:
                return True
        return False

    def note(self, id: str, prev_id: str | None) -> None:
        self.seen[id] = prev_id
        if prev_id is not None:
            self.next[prev_id] = id
        if id not in self.next:
            self.last_id = id
        if len(self.seen) > IDS:
            oldest = next(iter(self.seen))
            before = self.seen.pop(oldest)
            if before is not None:
                self.next.pop(before, None)


class Channels(Generic[Listener]):
    def __init__(self) -> None:
        self._topics: dict[str, Topic[Listener]] = {}
        self.mark = 0

    def __len__(self) -> int:
        return len(self._topics)

    def __iter__(self) -> Iterator[Topic[Listener]]:
        return iter(self._topics.values())

    def topic(self, name: str) -> Topic[Listener]:
        found = self._topics.get(name)
        if found is None:
            found = self._topics[name] = Topic(name)
        return found

    def record(self, item: Item, now: float) -> Topic[Listener] | None:
        """Note that the item went by; None when it did so before."""
        topic = self.topic(item.channel)
        if item.id is not None:
            if item.id in topic.seen:
                return None
            topic.note(item.id, item.prev_id)
        self.mark += 1
        topic.mark, topic.touched = self.mark, now
        return topic

    def forget_idle(self, now: float) -> None:
        idle = [name for name, topic in self._topics.items() if not topic.subscriptions]
        surplus = len(self._topics) - MOST
        idle.sort(key=lambda name: self._topics[name].touched)
        for position, name in enumerate(idle):
            if position < surplus or now - self._topics[name].touched > KEEP:
                del self._topics[name]
