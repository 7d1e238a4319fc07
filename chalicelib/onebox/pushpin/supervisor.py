"""Keeps a Pushpin running while the program does: starts it, starts it again when it dies, ends it at the end.

One thread does it all, and for as long as the program lives, since Pushpin's processes end with the thread that
started them: a program that is killed leaves nothing behind that answers for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from chalicelib.onebox.pushpin.instance import NotStarted, Pushpin
from chalicelib.onebox.pushpin.origin import PushpinOrigin

# Between its end and its next start; from the first again once it ran for `STEADY` seconds.
PAUSES = (0.0, 0.1, 0.5, 1.0, 5.0)
STEADY = 10.0
log = logging.getLogger("handrail.pushpin")


class Supervisor:
    def __init__(self, pushpin: Pushpin, origin: PushpinOrigin) -> None:
        self._pushpin = pushpin
        self._origin = origin
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pushpin", daemon=True)
        self._then: Callable[[NotStarted | None], None] = lambda failure: None

    def start(self, then: Callable[[NotStarted | None], None]) -> None:
        """Start it in the background. `then` is called once: when it is ready, or with why it cannot start."""
        self._then = then
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._pushpin.end()
        if self._thread.ident is not None:
            self._thread.join()
        self._pushpin.release()

    def _run(self) -> None:
        failure, tries, began = self._started(), 0, time.monotonic()
        self._then(failure)
        while failure is None and not self._stopping.is_set():
            self._pushpin.wait()
            self._pushpin.end()
            tries = 0 if time.monotonic() - began > STEADY else tries + 1
            if self._stopping.wait(PAUSES[min(tries, len(PAUSES) - 1)]):
                return
            log.error("Pushpin has ended; it is started again")
            began = time.monotonic()
            again = self._started()
            if again is not None and not self._stopping.is_set():
                log.error("Pushpin cannot start", extra={"fields": {"reason": str(again)}})

    def _started(self) -> NotStarted | None:
        self._origin.is_open = False
        try:
            self._pushpin.start()
            if self._stopping.is_set():
                self._pushpin.end()
            self._pushpin.wait_until_ready(self._origin.ready)
            self._origin.is_open = True
        except NotStarted as error:
            self._pushpin.end()
            return error
        return None
