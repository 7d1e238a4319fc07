"""How often somebody may call: a bucket of `burst` permits that fills up again with `per_second`.

Each process has a bucket for each caller, in memory. One process alone needs no more than that. Where many serve the
same callers (Lambda), the directory has a shared bucket for each besides, from which a process takes its permits in
blocks, after it has served as many:

    request 1 … 9    the process's own bucket only: no read, no write
    request 10       one conditional update: a block of 10 out of the shared bucket
                     empty ──► refused, as is all that follows in this process until it has a block again

So a caller gets at most a block more than its share from each process that serves it, and one who calls less than a
block a minute costs nothing. A shared bucket that cannot be reached stops nobody, and is left alone for a while: the
process's own still limits, and an outage of a counter must not become one of the service.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, directory
from chalicelib.kernel.errors import RateLimited
from chalicelib.kernel.settings import HOUR, MINUTE, settings

Whose = Literal["token", "person", "address", "stream"]

BLOCK = 10
REMEMBERED = MINUTE
MOST_CALLERS = 20_000
REST_AFTER_FAILURE = 10.0
log = logging.getLogger("handrail.rates")


@dataclass(frozen=True)
class Rate:
    """`per_second` of 0: no limit."""

    per_second: float
    burst: int

    @property
    def block(self) -> int:
        return min(BLOCK, self.burst)

    def wait(self, full_at: float, permits: int, now: float) -> float:
        """How long until a bucket that will be full at `full_at` has this many permits."""
        return max(0.0, self.after(full_at, permits, now) - now - self.burst / self.per_second)

    def after(self, full_at: float, permits: int, now: float) -> float:
        """When the bucket is full again once the permits are taken."""
        return max(full_at, now) + permits / self.per_second


class Shared(Protocol):
    def take(self, key: str, permits: int, rate: Rate, now: float) -> float:
        """Take them and return 0, or take none and return how long until they are there."""


class DirectoryBuckets:
    """Shared buckets in the directory, one item each."""

    def take(self, key: str, permits: int, rate: Rate, now: float) -> float:
        return directory.take_permits(key, permits / rate.per_second, rate.burst / rate.per_second, now, 2 * HOUR)


@dataclass
class _Bucket:
    """`served` since `began` and not yet taken out of the shared bucket, which is empty until `empty_until`."""

    full_at: float = 0.0
    served: int = 0
    began: float = 0.0
    empty_until: float = 0.0


class Limiter:
    def __init__(
        self, shared: Shared | None = None, now: Callable[[], float] = lambda: clock.now().timestamp()
    ) -> None:
        self._shared, self._now = shared, now
        self._buckets: OrderedDict[tuple[Whose, str], _Bucket] = OrderedDict()
        self._lock = threading.Lock()
        self._rests_until = 0.0

    def take(self, whose: Whose, caller: str, rate: Rate) -> None:
        """One permit of this caller; raises `RateLimited` where none is left."""
        if not rate.per_second:
            return
        now = self._now()
        with self._lock:
            bucket = self._bucket(whose, caller)
            wait = max(bucket.empty_until - now, rate.wait(bucket.full_at, 1, now))
            if wait <= 0:
                bucket.full_at = rate.after(bucket.full_at, 1, now)
            due = wait <= 0 and self._is_block_due(bucket, rate, now)
        if due and self._shared is not None:
            wait = self._take_block(self._shared, bucket, f"{whose}#{_secret(caller)}", rate, now)
        if wait > 0:
            raise RateLimited(math.ceil(wait))

    def _bucket(self, whose: Whose, caller: str) -> _Bucket:
        bucket = self._buckets.setdefault((whose, caller), _Bucket())
        self._buckets.move_to_end((whose, caller))
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return bucket

    def _is_block_due(self, bucket: _Bucket, rate: Rate, now: float) -> bool:
        if bucket.served == 0 or now - bucket.began > REMEMBERED:
            bucket.served, bucket.began = 0, now
        bucket.served += 1
        if self._shared is None or bucket.served < rate.block or now < self._rests_until:
            return False
        bucket.served = 0
        return True

    def _take_block(self, shared: Shared, bucket: _Bucket, key: str, rate: Rate, now: float) -> float:
        try:
            wait = shared.take(key, rate.block, rate, now)
        except PynamoDBException:
            log.exception("the shared buckets cannot be reached; each process limits by itself for a while")
            self._rests_until = now + REST_AFTER_FAILURE
            return 0.0
        if wait > 0:
            with self._lock:
                bucket.empty_until = now + wait
                bucket.served, bucket.began = rate.block - 1, now + wait
        return wait


def _secret(caller: str) -> str:
    """What stands for a caller in the table: an address cannot be read, or tried, out of it."""
    return hmac.new(settings().signing_key.encode(), caller.encode(), hashlib.sha256).hexdigest()


_limiter: Limiter | None = None


def limiter() -> Limiter:
    global _limiter
    if _limiter is None:
        _limiter = Limiter(DirectoryBuckets() if settings().shared_rates else None)
    return _limiter
