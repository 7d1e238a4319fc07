"""The change feed, its cursor, and what expires."""

import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from chalicelib.onebox.engine import Engine

KEY: dict[str, object] = {"p": {"S": "a"}, "r": {"N": "1"}}


def put(engine: Engine, **attributes: object) -> None:
    engine.call("PutItem", {"TableName": "things", "Item": {**KEY, **attributes}})


def test_a_change_has_the_shape_of_a_stream_record(engine: Engine) -> None:
    put(engine, data={"B": b"\x00\xff"})
    put(engine, data={"S": "new"})
    engine.call("DeleteItem", {"TableName": "things", "Key": KEY})
    insert, modify, remove = (change.record for change in engine.changes(0, 10))
    assert [each["eventName"] for each in (insert, modify, remove)] == ["INSERT", "MODIFY", "REMOVE"]
    stream = modify["dynamodb"]
    assert isinstance(stream, dict)
    assert stream["Keys"] == KEY
    assert stream["OldImage"] == {**KEY, "data": {"B": "AP8="}}
    assert stream["NewImage"] == {**KEY, "data": {"S": "new"}}
    assert stream["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert int(stream["SequenceNumber"]) == 2
    assert "table/things/stream/" in str(modify["eventSourceARN"])
    assert "OldImage" not in str(insert)
    assert "NewImage" not in str(remove)


def test_a_write_that_changes_nothing_leaves_no_change(engine: Engine) -> None:
    put(engine, n={"N": "1"})
    put(engine, n={"N": "1.0"})
    engine.call("DeleteItem", {"TableName": "things", "Key": {"p": {"S": "no"}, "r": {"N": "1"}}})
    assert len(engine.changes(0, 10)) == 1


def test_a_table_without_a_stream_feeds_nothing(engine: Engine) -> None:
    engine.call("PutItem", {"TableName": "plain", "Item": {"p": {"S": "x"}}})
    assert engine.changes(0, 10) == []


KEYS_ONLY = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}


def test_a_table_made_without_a_stream_can_get_one_that_tells_keys_only(engine: Engine, database: Path) -> None:
    item = {"p": {"S": "x"}, "secret": {"S": "y"}}
    engine.call("PutItem", {"TableName": "plain", "Item": item})
    described = engine.call("UpdateTable", {"TableName": "plain", "StreamSpecification": KEYS_ONLY})
    assert "stream" in str(described["TableDescription"])
    engine.close()
    again = Engine.open(database)
    table = again.call("DescribeTable", {"TableName": "plain"})["Table"]
    assert isinstance(table, dict)
    assert table["StreamSpecification"] == KEYS_ONLY
    again.call("DeleteItem", {"TableName": "plain", "Key": {"p": {"S": "x"}}})
    (removal,) = (change.record for change in again.changes(0, 10))
    stream = removal["dynamodb"]
    assert isinstance(stream, dict)
    assert removal["eventName"] == "REMOVE"
    assert stream["Keys"] == {"p": {"S": "x"}}
    assert stream["StreamViewType"] == "KEYS_ONLY"
    assert not {"NewImage", "OldImage"} & stream.keys()
    again.close()


@pytest.mark.parametrize(("table", "wanted"), [("things", KEYS_ONLY), ("plain", {"StreamEnabled": False})])
def test_a_stream_is_begun_once_and_ended_once(engine: Engine, table: str, wanted: dict[str, object]) -> None:
    with pytest.raises(ClientError, match="Table already has"):
        engine.call("UpdateTable", {"TableName": table, "StreamSpecification": wanted})


def test_a_stream_that_was_ended_tells_nothing_more(engine: Engine) -> None:
    off = {"StreamEnabled": False}
    engine.call("UpdateTable", {"TableName": "things", "StreamSpecification": off})
    put(engine)
    assert engine.changes(0, 10) == []


def test_a_cancelled_transaction_leaves_no_gap(engine: Engine) -> None:
    put(engine)
    puts = [
        {"Put": {"TableName": "things", "Item": {"p": {"S": "b"}, "r": {"N": "1"}}}},
        {"Put": {"TableName": "things", "Item": KEY, "ConditionExpression": "attribute_not_exists(p)"}},
    ]
    with pytest.raises(ClientError):
        engine.call("TransactWriteItems", {"TransactItems": puts})
    put(engine, n={"N": "2"})
    assert [change.sequence for change in engine.changes(0, 10)] == [1, 2]


def test_trimmed_numbers_are_never_used_again(engine: Engine, database: Path) -> None:
    put(engine)
    put(engine, n={"N": "1"})
    engine.advance("stream", 2, ["stream"])
    engine.close()
    again = Engine.open(database)
    assert again.last_change() == 2
    put(again, n={"N": "2"})
    assert [change.sequence for change in again.changes(0, 10)] == [3]
    again.close()


def test_trimming_beyond_the_end_skips_no_numbers(engine: Engine) -> None:
    put(engine)
    engine.advance("stream", 1000, ["stream"])
    put(engine, n={"N": "1"})
    assert [change.sequence for change in engine.changes(0, 10)] == [2]


def test_a_cursor_survives_a_restart(engine: Engine, database: Path) -> None:
    assert engine.cursor("stream") == 0
    engine.advance("stream", 7, ["stream", "other"])
    engine.close()
    again = Engine.open(database)
    assert again.cursor("stream") == 7
    assert again.cursor("other") == 0
    again.close()


def test_a_waiting_consumer_is_woken_by_a_commit(engine: Engine) -> None:
    woken: list[bool] = []
    consumer = threading.Thread(target=lambda: woken.append(engine.wait_for_changes(0, 30)))
    consumer.start()
    put(engine)
    consumer.join(timeout=10)
    assert woken == [True]


def test_waiting_ends_at_the_timeout_and_when_the_engine_closes(engine: Engine) -> None:
    assert not engine.wait_for_changes(0, 0.01)
    woken: list[bool] = []
    consumer = threading.Thread(target=lambda: woken.append(engine.wait_for_changes(0, 30)))
    consumer.start()
    engine.close()
    consumer.join(timeout=10)
    assert woken == [False]


def test_an_item_past_its_time_is_deleted_and_the_feed_says_by_whom(engine: Engine) -> None:
    put(engine, ttl={"N": "2000000000"})
    put_other = {"p": {"S": "later"}, "r": {"N": "1"}, "ttl": {"N": "2000000999"}}
    engine.call("PutItem", {"TableName": "things", "Item": put_other})
    specification = {"AttributeName": "ttl", "Enabled": True}
    engine.call("UpdateTimeToLive", {"TableName": "things", "TimeToLiveSpecification": specification})
    assert engine.expire(1_999_999_999) == 0
    assert engine.expire(2_000_000_500) == 1
    removal = engine.changes(0, 10)[-1].record
    assert removal["eventName"] == "REMOVE"
    assert removal["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert engine.call("GetItem", {"TableName": "things", "Key": {"p": {"S": "later"}, "r": {"N": "1"}}})["Item"]


@pytest.mark.parametrize("ttl", [{"S": "1"}, {"N": "1000"}, {"N": "-5"}, {"N": "1E100"}])
def test_a_time_that_is_none_or_long_ago_expires_nothing(engine: Engine, ttl: dict[str, str]) -> None:
    specification = {"AttributeName": "ttl", "Enabled": True}
    engine.call("UpdateTimeToLive", {"TableName": "things", "TimeToLiveSpecification": specification})
    put(engine, ttl=ttl)
    assert engine.expire(time.time()) == 0


def test_many_items_expire_in_batches(engine: Engine) -> None:
    specification = {"AttributeName": "ttl", "Enabled": True}
    engine.call("UpdateTimeToLive", {"TableName": "plain", "TimeToLiveSpecification": specification})
    for start in range(0, 425, 25):
        puts = [
            {"PutRequest": {"Item": {"p": {"S": str(n)}, "ttl": {"N": "2000000000"}}}}
            for n in range(start, start + 25)
        ]
        engine.call("BatchWriteItem", {"RequestItems": {"plain": puts}})
    assert engine.expire(2_000_000_001) == 425
