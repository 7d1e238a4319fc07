"""Where the relay's tasks are: the addresses that one name stands for, for `kernel.relays` to publish to.

A task enters the name when it starts, before the load balancer sends it a stream. It leaves the name when it begins
to drain, but the streams that it still holds go on for a while, so it is served on until then:

    in the name ──► left the name (streams drain) ──► forgotten
                    └─ `LINGER` seconds ─────────────┘

Nobody waits for one that is gone: a relay that cannot be reached holds no stream. Where all of them are, the function
tries for a while by itself (`Patient`): Lambda tries a batch again so many times, and does not say how soon.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from chalicelib.kernel.grip import Item, Publisher
from chalicelib.kernel.relays import NotPublished

# How long an answer is used; with the name's own time to live, well below what a new task needs to get a stream.
FRESH = 2.0
# Longer than a task drains (`RelayTargets` in infra/template/relay.yaml).
LINGER = 75.0
# How long one call of the function goes on trying, and how long it pauses between tries.
PATIENCE, PAUSE = 10.0, 1.0

Lookup = Callable[[str], set[str]]


def addresses_of(name: str) -> set[str]:
    """The IPv4 addresses of a name; none where there is no such name, as when no task runs."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in {socket.EAI_NONAME, socket.EAI_NODATA}:
            return set()
        raise
    return {str(address[0]) for *_, address in found}


class Tasks:
    """Called for each publish, it gives the publish address of every task behind the host of `url`."""

    def __init__(self, url: str, lookup: Lookup = addresses_of, now: Callable[[], float] = time.monotonic) -> None:
        parts = urlsplit(url)
        self._name, self._port, self._scheme = parts.hostname or "", parts.port, parts.scheme
        self._lookup, self._now = lookup, now
        self._looked_up = float("-inf")
        self._seen: dict[str, float] = {}

    def __call__(self) -> Sequence[str]:
        now = self._now()
        if now - self._looked_up >= FRESH:
            self._seen |= dict.fromkeys(self._lookup(self._name), now)
            self._looked_up = now
        self._seen = {address: seen for address, seen in self._seen.items() if now - seen <= LINGER}
        return [f"{self._scheme}://{address}:{self._port}" for address in sorted(self._seen)]


class Patient:
    """Publishes, and tries again for `PATIENCE` seconds before it gives up."""

    def __init__(
        self,
        publisher: Publisher,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[], None] = lambda: time.sleep(PAUSE),
    ) -> None:
        self._publisher, self._now, self._pause = publisher, now, pause

    def publish(self, items: Sequence[Item]) -> None:
        until = self._now() + PATIENCE
        while True:
            try:
                return self._publisher.publish(items)
            except (NotPublished, OSError):
                if self._now() + PAUSE >= until:
                    raise
            self._pause()
