"""Handing published items to GRIP relays over HTTP: to every one there is, at the same time.

`resolve` tells where they listen, and is asked anew for each publish, since relays come and go. A relay that nobody
can reach holds no stream: what it misses, its clients take from the log when they come back. So items are published
once one relay has them and no other may have lost them:

    has them   unreachable    it is done; the unreachable one is named in the log
    has them   no clear word  raises: whoever holds streams there may have missed them
    nobody has them           raises

After an error everything is published again; relays know the numbered items that they have, and the others do no harm
twice.
"""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from urllib.parse import urlsplit

Resolve = Callable[[], Sequence[str]]
# A relay refuses a body above its own limit (Pushpin: `push_in_http_max_body_size`, a million bytes as it comes).
MOST_BYTES = 400_000
MOST_RELAYS = 16
CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 5.0
log = logging.getLogger("handrail.relays")


class NotPublished(Exception):
    """It is not sure that every relay has what its streams are to get. Publish it again."""


class Relays:
    """The publisher for relays that `resolve` names by the addresses of their publish endpoints."""

    def __init__(self, resolve: Resolve, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._resolve = resolve
        self._answer_seconds = answer_seconds
        self._pool: ThreadPoolExecutor | None = None

    def publish(self, items: Sequence[Mapping[str, object]]) -> None:
        addresses = self._resolve()
        if not addresses:
            raise NotPublished("there is no relay")
        for body in _bodies(items):
            self._post_to_all(addresses, body)

    def _post_to_all(self, addresses: Sequence[str], body: bytes) -> None:
        """Every relay is waited for, also where one refuses: nothing is under way when all is published again."""
        if len(addresses) == 1:
            have_it = [self._post(addresses[0], body)]
        else:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(MOST_RELAYS, thread_name_prefix="relays")
            posts = [self._pool.submit(self._post, address, body) for address in addresses]
            wait(posts)
            have_it = [post.result() for post in posts]
        if not any(have_it):
            raise NotPublished(f"no relay can be reached: {', '.join(addresses)}")

    def _post(self, address: str, body: bytes) -> bool:
        """Whether there is a relay; raises when it does not say that it has the items."""
        parts = urlsplit(address)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=CONNECT_SECONDS)
        try:
            connection.connect()
            connection.sock.settimeout(self._answer_seconds)
        except OSError as error:
            log.warning("a relay cannot be reached", extra={"fields": {"relay": address, "error": str(error)}})
            return False
        try:
            connection.request(
                "POST", f"{parts.path.rstrip('/')}/publish/", body, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            said = answer.read(200)
        except (OSError, http.client.HTTPException) as error:
            raise NotPublished(f"{address} did not answer: {error!r}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise NotPublished(f"{address} answered {answer.status}: {said!r}")
        return True


def listed(addresses: str) -> Resolve:
    """The relays of the setting `grip_publish_url`, separated by commas."""
    found = [address.strip() for address in addresses.split(",") if address.strip()]
    return lambda: found


def _bodies(items: Sequence[Mapping[str, object]]) -> Iterator[bytes]:
    """The items in their order, in as few bodies as relays take them."""
    waiting: list[bytes] = []
    size = 0
    for item in items:
        encoded = json.dumps(item).encode()
        if waiting and size + len(encoded) > MOST_BYTES:
            yield _body(waiting)
            waiting, size = [], 0
        waiting.append(encoded)
        size += len(encoded) + 1
    yield _body(waiting)


def _body(items: Sequence[bytes]) -> bytes:
    return b'{"items":[' + b",".join(items) + b"]}"
