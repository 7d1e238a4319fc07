"""Feeds a function from the change stream, in place of Lambda's event source mapping: in order, at least once.

Each consumer has a thread and a durable place of its own: one that is slow holds up no other. A process that is
killed between a commit and its publishing serves the change after the restart.

A change that cannot be served is tried again after a pause, and what follows it for this consumer waits. After
`TRIES` the change behind it is tried alone. If that is served and the first still is not, the fault is in the first:
it is set aside, visibly, and the rest goes on. If not, the fault is elsewhere (the relay is down), and nothing is
passed over.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from chalicelib.onebox.engine import Change, Engine, EngineClosed

Consumer = Literal["stream", "notify"]
# A change is kept until all of them have been served it.
CONSUMERS: tuple[Consumer, ...] = get_args(Consumer)
BATCH = 200
TRIES = 8
# When nothing comes for so long, the place is written down in any case.
QUIET = 0.02
_LONGEST_PAUSE = 5.0
log = logging.getLogger("handrail.pump")

StreamFunction = Callable[[Mapping[str, Any], object], Mapping[str, Any]]


class Pump:
    def __init__(
        self, engine: Engine, function: StreamFunction, consumer: Consumer, rest: float = 0.0, note_every: float = 0.0
    ) -> None:
        """`rest`: seconds after each batch, for a consumer that may come a little later, so that it costs little.

        `note_every`: seconds until the place is written down while changes keep coming, for a consumer that may be
        served more of them again after a kill: writers wait for it, and it for them.
        """
        self._engine = engine
        self._function = function
        self._consumer = consumer
        self._rest = rest
        self._note_every = note_every
        self._noted, self._noted_at = 0, time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=consumer, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand. Call it before the engine is closed."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            self._noted = self._engine.cursor(self._consumer)
            self._serve(self._noted)
        except EngineClosed:
            # Nobody waited any longer for the batch at hand: it is served again after the next start.
            log.warning("stopped in the middle of a batch", extra={"fields": {"consumer": self._consumer}})

    def _serve(self, reached: int) -> None:
        pause, tries = 0.05, 0
        while not self._stopping.is_set():
            changes = self._engine.changes(reached, BATCH)
            if not changes:
                if not self._engine.wait_for_changes(reached, QUIET):
                    self._note(reached)
                    self._engine.wait_for_changes(reached, 0.5)
                continue
            answer = self._function({"Records": [change.record for change in changes]}, None)
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            served = [c for c in changes if not failed or _number(c.record) < min(failed)]
            if served:
                reached = served[-1].sequence
                if time.monotonic() - self._noted_at >= self._note_every:
                    self._note(reached)
                pause, tries = 0.05, 0
            if failed:
                tries += 1
                if tries > TRIES and self._only_the_first_fails(changes[len(served) :]):
                    reached = self._set_aside(changes[len(served)])
                    pause, tries = 0.05, 0
                    continue
                self._note(reached)
                self._stopping.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            elif self._rest:
                self._stopping.wait(self._rest)
        self._note(reached)

    def _note(self, reached: int) -> None:
        if reached > self._noted:
            self._engine.advance(self._consumer, reached, CONSUMERS)
            self._noted, self._noted_at = reached, time.monotonic()

    def _only_the_first_fails(self, changes: list[Change]) -> bool:
        if len(changes) < 2:
            return False
        return self._serves(changes[1]) and not self._serves(changes[0])

    def _serves(self, change: Change) -> bool:
        return not self._function({"Records": [change.record]}, None)["batchItemFailures"]

    def _set_aside(self, change: Change) -> int:
        told = {"consumer": self._consumer, "change": change.sequence}
        log.error("a change that cannot be served is set aside", extra={"fields": told})
        self._note(change.sequence)
        return change.sequence


def _number(record: Mapping[str, Any]) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number
