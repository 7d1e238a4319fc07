"""Consumers of the change stream: each at its own pace, and nothing is trimmed before all have been served it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.onebox.engine import Engine
from chalicelib.onebox.pump import CONSUMERS, Consumer, Pump
from tests.support.waiting import DEADLINE, eventually

TABLE: dict[str, object] = {
    "TableName": "things",
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine.open(tmp_path / "test.db")
    engine.call("CreateTable", TABLE)
    yield engine
    engine.close()


def put(engine: Engine, name: str) -> None:
    engine.call("PutItem", {"TableName": "things", "Item": {"p": {"S": name}}})


class Function:
    """Notes what it is given. It fails the records named in `fails`, and waits while it is `held`."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.fails: set[str] = set()
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Event()

    def __call__(self, event: Mapping[str, Any], context: object) -> Mapping[str, Any]:
        self.entered.set()
        assert self.free.wait(DEADLINE)
        for record in event["Records"]:
            name = record["dynamodb"]["Keys"]["p"]["S"]
            self.given.append(name)
            if name in self.fails:
                return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        return {"batchItemFailures": []}


@pytest.fixture
def functions() -> dict[Consumer, Function]:
    return {consumer: Function() for consumer in CONSUMERS}


@pytest.fixture
def pumps(engine: Engine, functions: dict[Consumer, Function]) -> Iterator[list[Pump]]:
    pumps = [Pump(engine, functions[consumer], consumer) for consumer in CONSUMERS]
    for pump in pumps:
        pump.start()
    yield pumps
    for function in functions.values():
        function.free.set()
    for pump in pumps:
        pump.stop()


def test_every_consumer_is_served_every_change(
    engine: Engine, functions: dict[Consumer, Function], pumps: list[Pump]
) -> None:
    for name in "abc":
        put(engine, name)
    eventually(lambda: all(function.given == ["a", "b", "c"] for function in functions.values()))
    eventually(lambda: engine.changes(0, 10) == [], "the trimming")


def test_one_that_hangs_holds_up_no_other_and_keeps_what_it_has_not_been_served(
    engine: Engine, functions: dict[Consumer, Function], pumps: list[Pump]
) -> None:
    functions["notify"].free.clear()
    put(engine, "a")
    assert functions["notify"].entered.wait(DEADLINE)
    put(engine, "b")
    eventually(lambda: engine.cursor("stream") == 2, "the other consumer")
    assert functions["notify"].given == []
    assert [change.sequence for change in engine.changes(0, 10)] == [1, 2]
    functions["notify"].free.set()
    eventually(lambda: functions["notify"].given == ["a", "b"])
    eventually(lambda: engine.changes(0, 10) == [], "the trimming")


def test_what_one_cannot_serve_is_tried_again_and_the_others_go_on(
    engine: Engine, functions: dict[Consumer, Function], pumps: list[Pump]
) -> None:
    functions["notify"].fails = {"b"}
    for name in "abc":
        put(engine, name)
    eventually(lambda: functions["notify"].given.count("b") > 2, "another try")
    assert functions["stream"].given == ["a", "b", "c"]
    assert "c" not in functions["notify"].given
    functions["notify"].fails = set()
    eventually(lambda: functions["notify"].given[-2:] == ["b", "c"])


def test_one_that_is_at_work_when_the_engine_closes_is_served_again_at_the_next_start(
    engine: Engine, functions: dict[Consumer, Function], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slow = functions["notify"]
    slow.free.clear()
    pump = Pump(engine, slow, "notify")
    pump.start()
    put(engine, "a")
    assert slow.entered.wait(DEADLINE)
    engine.close()
    slow.free.set()
    eventually(lambda: "middle of a batch" in caplog.text, "its end")
    again = Engine.open(tmp_path / "test.db")
    assert again.cursor("notify") == 0
    second = Pump(again, slow, "notify")
    second.start()
    eventually(lambda: slow.given == ["a", "a"])
    second.stop()
    again.close()
