"""Delivering a batch of messages. Each push service has lanes of its own, so one that is slow delays no other.

A service that cannot be reached gets nothing more of this batch, and after `PATIENCE` nobody waits for it any longer.
What it answers otherwise is about one message: 404 and 410 end the device, anything else but success is logged.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.kernel.settings import DAY
from chalicelib.push import endpoints, rules
from chalicelib.push.model import StoredDevice
from chalicelib.push.sending import encryption, https, vapid

LANES = 4
PATIENCE = 10.0
# How long a push service keeps a message for a browser that is not there.
TIME_TO_LIVE = 1 * DAY
_GONE = {404, 410}
log = logging.getLogger("handrail.push")


@dataclass(frozen=True)
class Letter:
    """`topic`: of two messages that a push service still has for one device, the newer replaces the older."""

    device: StoredDevice
    topic: str
    is_urgent: bool
    content: bytes


def topic_of(tag: str) -> str:
    """32 characters of base64url, all that a push service allows."""
    return base64.urlsafe_b64encode(hashlib.sha256(tag.encode()).digest()[:24]).decode()


def deliver(letters: Iterable[Letter]) -> None:
    """Send them all; returns when it is done, or when those that are left have had their time."""
    queues: dict[str, deque[Letter]] = {}
    for letter in letters:
        service = endpoints.service_of(letter.device.endpoint)
        if service is not None:
            queues.setdefault(service, deque()).append(letter)
    lanes = [
        threading.Thread(target=_run_lane, args=(service, queue), name="push", daemon=True)
        for service, queue in queues.items()
        for _ in range(min(LANES, len(queue)))
    ]
    for lane in lanes:
        lane.start()
    end = time.monotonic() + PATIENCE
    for lane in lanes:
        lane.join(max(0.0, end - time.monotonic()))
    for service, queue in queues.items():
        _give_up(service, queue, "it is slow")


def _run_lane(service: str, queue: deque[Letter]) -> None:
    while True:
        try:
            letter = queue.popleft()
        except IndexError:
            return
        try:
            _send(letter)
        except https.Unreachable as error:
            _give_up(service, queue, str(error), lost=1)
        except Exception:
            log.exception("a notification could not be sent", extra={"fields": _fields(letter)})


def _send(letter: Letter) -> None:
    device = letter.device
    headers = {
        "Authorization": vapid.authorization(endpoints.host_of(device.endpoint)),
        "Content-Encoding": encryption.ENCODING,
        "Content-Type": "application/octet-stream",
        "TTL": str(TIME_TO_LIVE),
        "Topic": letter.topic,
        "Urgency": "high" if letter.is_urgent else "normal",
    }
    body = encryption.encrypted(letter.content, device.p256dh, device.auth)
    answer = https.sender().post(device.endpoint, headers, body)
    if answer.status in _GONE:
        rules.forget(device)
        log.info("a device is gone", extra={"fields": _fields(letter)})
    elif not 200 <= answer.status < 300:
        told = {"status": answer.status, "said": answer.said, "retry_after": answer.retry_after}
        log.warning("a push service refused a notification", extra={"fields": _fields(letter) | told})


def _give_up(service: str, queue: deque[Letter], why: str, lost: int = 0) -> None:
    """Send nothing more of `queue`; `lost` were not sent already."""
    with suppress(IndexError):
        while True:
            queue.pop()
            lost += 1
    if lost:
        told = {"service": service, "why": why, "not_sent": lost}
        log.warning("a push service cannot be reached", extra={"fields": told})


def _fields(letter: Letter) -> dict[str, object]:
    """An endpoint is a secret of its browser: its host says enough."""
    return {"service": endpoints.host_of(letter.device.endpoint), "device": letter.device.id}
