"""Feeds the stream function, in place of Lambda's event source mapping: in order, at least once, until served.

The place reached is durable. A process that is killed between a commit and its publishing serves the change after the
restart; one that cannot be served blocks what follows, visibly, and is tried again after a pause.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.onebox.engine import Engine

CONSUMER = "stream"
BATCH = 200
_LONGEST_PAUSE = 5.0
log = logging.getLogger("handrail.pump")

StreamFunction = Callable[[Mapping[str, Any], object], Mapping[str, Any]]


class Pump:
    def __init__(self, engine: Engine, function: StreamFunction) -> None:
        self._engine = engine
        self._function = function
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand. Call it before the engine is closed."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        reached = self._engine.cursor(CONSUMER)
        pause = 0.05
        while not self._stopping.is_set():
            changes = self._engine.changes(reached, BATCH)
            if not changes:
                self._engine.wait_for_changes(reached, 0.5)
                continue
            answer = self._function({"Records": [change.record for change in changes]}, None)
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            served = [c for c in changes if not failed or _number(c.record) < min(failed)]
            if served:
                reached = served[-1].sequence
                self._engine.set_cursor(CONSUMER, reached)
                self._engine.trim_changes(reached)
                pause = 0.05
            if failed:
                self._stopping.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


def _number(record: Mapping[str, Any]) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number
