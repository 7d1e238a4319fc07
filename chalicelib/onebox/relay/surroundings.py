"""What all streams of a relay share: the loop, the channels, the way to the origin, and their limits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.onebox.relay.channels import Channels
from chalicelib.onebox.relay.grip import Instruct

if TYPE_CHECKING:
    from chalicelib.onebox.relay.stream import Stream

Fetch = Callable[[str, bytes, dict[str, str]], Awaitable[tuple[Instruct | None, bytes]]]


class FetchFailed(Exception):
    """The origin answered the next link with an error; it is worth another try."""


@dataclass(frozen=True, slots=True)
class Limits:
    gap_wait: float = 0.2
    unsent_bytes: int = 256 * 1024
    stalled_for: float = 60.0
    retries: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(slots=True)
class Counters:
    delivered: int = 0
    recovered: int = 0
    slow: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    loop: asyncio.AbstractEventLoop
    channels: "Channels[Stream]"
    fetch: Fetch
    limits: Limits
    counters: Counters
    streams: "set[Stream]"
    tasks: "set[asyncio.Task[None]]"
