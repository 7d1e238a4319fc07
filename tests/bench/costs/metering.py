"""What one request makes the real code do: capacity, invocations, publishes, bytes. Counted, not timed.

The change stream is handed to the functions by hand, filtered as its event source mappings filter it, after each
request: so all that a request leads to is counted, and nothing else. A request's events are one batch, which is the
most that they can cost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import httpx

import app
from chalicelib.kernel import grip
from chalicelib.onebox.engine import Engine, installed
from chalicelib.onebox.engine.client import EngineClient
from chalicelib.onebox.program import Program

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}


@dataclass
class Counts:
    """`hints` are items on channels that agents' streams listen to: on one agent's own, and on that of all agents."""

    reads: float = 0
    writes: float = 0
    later_reads: float = 0
    later_writes: float = 0
    events: float = 0
    publishes: float = 0
    hints_to_one: float = 0
    hints_to_all: float = 0
    bytes_in: float = 0
    bytes_out: float = 0
    logged: float = 0
    stored: float = 0

    def plus(self, other: Counts, times: float) -> Counts:
        pairs = {one.name: getattr(self, one.name) + times * getattr(other, one.name) for one in fields(self)}
        return Counts(**pairs)


class Meter(EngineClient):
    """Counts the capacity that calls consume, while `counts` says for what."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.call, engine.client.meta.endpoint_url)
        self.counts, self.later = Counts(), False

    def _make_api_call(self, operation_name: str, operation_kwargs: Mapping[str, object]) -> dict[str, object]:
        asked = {**operation_kwargs, "ReturnConsumedCapacity": "TOTAL"}
        answer = super()._make_api_call(operation_name, asked)
        consumed: Any = answer.get("ConsumedCapacity", [])
        units = sum(one["CapacityUnits"] for one in (consumed if isinstance(consumed, list) else [consumed]))
        name = ("later_" if self.later else "") + ("writes" if operation_name in WRITES else "reads")
        setattr(self.counts, name, getattr(self.counts, name) + units)
        return answer


class Logged(logging.Handler):
    def __init__(self, meter: Meter) -> None:
        super().__init__(logging.INFO)
        self._meter = meter

    def emit(self, record: logging.LogRecord) -> None:
        given = record.__dict__.get("fields", {})
        # The time, the level, the logger and the request's id stand on each line besides.
        self._meter.counts.logged += 150 + len(record.getMessage()) + len(str(given))


class Counted:
    """A relay that counts what it is given."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def publish(self, items: Sequence[grip.Item]) -> None:
        counts = self._meter.counts
        counts.publishes += len(items)
        for item in items:
            channel = str(item["channel"])
            counts.hints_to_all += channel.startswith("agent-") and channel.endswith("-all")
            counts.hints_to_one += (
                channel.startswith("agent-") and not channel.endswith("-all")
            ) or channel.startswith("reply-")


class Metering:
    def __init__(self, engine: Engine, meter: Meter) -> None:
        self._engine, self._meter = engine, meter
        self._reached = 0
        self.settle()

    def settle(self) -> None:
        """Serve what changed until now, without counting it for what follows."""
        while self._serve():
            pass

    def of(self, ask: Callable[[], httpx.Response]) -> Counts:
        self.settle()
        counts = self._meter.counts = Counts()
        answer = ask()
        assert answer.status_code < 300, answer.text
        request = answer.request
        counts.bytes_in = _length(request.headers) + len(request.url.raw_path) + len(_content(request))
        counts.bytes_out = _length(answer.headers) + (
            len(answer.content) if answer.is_closed and _is_read(answer) else 0
        )
        self._meter.later = True
        self.settle()
        self._meter.later = False
        self._meter.counts = Counts()
        return counts

    def _serve(self) -> bool:
        changes = self._engine.changes(self._reached, 500)
        if not changes:
            return False
        self._reached = changes[-1].sequence
        records: list[Any] = [change.record for change in changes]
        self._meter.counts.stored += sum(_grown(record["dynamodb"]) for record in records)
        events = [record for record in records if _is_event(record)]
        if events:
            self._meter.counts.events += len(events)
            app.stream({"Records": events}, None)
            app.notify({"Records": events}, None)
        return True


@contextmanager
def metering(program: Program) -> Iterator[Metering]:
    assert program.engine is not None
    for pump in program.pumps:
        pump.stop()
    meter = Meter(program.engine)
    logger, handler = logging.getLogger("handrail"), Logged(meter)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    grip.publish_through(Counted(meter))
    try:
        with installed(meter):
            yield Metering(program.engine, meter)
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)


def _is_event(record: Mapping[str, Any]) -> bool:
    sort_key: str = record["dynamodb"]["Keys"].get("sk", {}).get("S", "")
    return bool(record["eventName"] == "INSERT" and sort_key.startswith("event#"))


def _grown(change: Mapping[str, Any]) -> int:
    return _size(change.get("NewImage")) - _size(change.get("OldImage"))


def _size(image: Mapping[str, Mapping[str, str]] | None) -> int:
    return sum(len(name) + len(str(next(iter(value.values())))) for name, value in (image or {}).items())


def _length(headers: httpx.Headers) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers.raw)


def _content(request: httpx.Request) -> bytes:
    return request.content if hasattr(request, "_content") else b""


def _is_read(answer: httpx.Response) -> bool:
    return hasattr(answer, "_content")
