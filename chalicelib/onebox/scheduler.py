"""Calls the scheduled functions once a minute, in place of EventBridge, and removes items whose time is over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from chalicelib.kernel import clock

INTERVAL = 60.0
log = logging.getLogger("handrail.scheduler")


class Scheduler:
    def __init__(self, *jobs: Callable[[], object], interval: float = INTERVAL) -> None:
        self._jobs = jobs
        self._interval = interval
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def run_once(self) -> None:
        """A job that fails is logged, and does not keep the others from running."""
        for job in self._jobs:
            try:
                job()
            except Exception:
                log.exception("scheduled function failed")

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.run_once()
            self._stopping.wait(self._interval)


def schedule_event() -> dict[str, object]:
    """What EventBridge sends to a scheduled function."""
    return {
        "version": "0",
        "id": "one-machine",
        "account": "000000000000",
        "region": "local",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
        "resources": [],
        "time": clock.now().isoformat(),
    }
