"""Behaviour that the differential tests do not reach: limits, tokens, refusals by name."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.onebox.engine import Engine, UnsupportedOperation, UnsupportedParameter

KEY: dict[str, object] = {"p": {"S": "a"}, "r": {"N": "1"}}


def refusal(engine: Engine, operation: str, parameters: Mapping[str, object]) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        engine.call(operation, parameters)
    return {**caught.value.response}


def fill(engine: Engine, count: int, size: int) -> None:
    for number in range(count):
        item = {"p": {"S": "a"}, "r": {"N": str(number)}, "text": {"S": "x" * size}}
        engine.call("PutItem", {"TableName": "things", "Item": item})


def partition(**more: object) -> dict[str, object]:
    values = {":p": {"S": "a"}}
    return {
        "TableName": "things",
        "KeyConditionExpression": "p = :p",
        "ExpressionAttributeValues": values,
        **more,
    }


@pytest.mark.parametrize("operation", ["Scan", "ExecuteStatement", "Nonsense"])
def test_an_operation_that_is_not_offered_is_refused_by_name(engine: Engine, operation: str) -> None:
    with pytest.raises(UnsupportedOperation, match=operation):
        engine.call(operation, {})


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("PutItem", {"TableName": "plain", "Item": {"p": {"S": "a"}}, "Expected": {}}),
        ("Query", partition(KeyConditions={})),
        ("Query", partition(QueryFilter={})),
        ("GetItem", {"TableName": "plain", "Key": {"p": {"S": "a"}}, "AttributesToGet": ["p"]}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "plain", "Item": {}, "Colour": 1}}]}),
        ("CreateTable", {"TableName": "new", "SSESpecification": {}}),
    ],
)
def test_a_parameter_that_is_not_offered_is_refused_by_name(
    engine: Engine, operation: str, parameters: Mapping[str, object]
) -> None:
    unknown = {"Expected", "KeyConditions", "QueryFilter", "AttributesToGet", "Colour", "SSESpecification"}
    with pytest.raises(UnsupportedParameter) as caught:
        engine.call(operation, parameters)
    assert any(name in str(caught.value) for name in unknown)


def test_a_page_ends_before_one_megabyte_and_the_next_continues(engine: Engine) -> None:
    fill(engine, 15, 100_000)
    first = engine.call("Query", partition())
    assert first["Count"] == 10
    rest = engine.call("Query", partition(ExclusiveStartKey=first["LastEvaluatedKey"]))
    assert rest["Count"] == 5
    assert "LastEvaluatedKey" not in rest


def test_the_last_item_of_a_full_page_is_marked_even_when_it_is_the_last_of_all(engine: Engine) -> None:
    fill(engine, 2, 1)
    page = engine.call("Query", partition(Limit=2))
    assert page["LastEvaluatedKey"] == {"p": {"S": "a"}, "r": {"N": "1"}}
    after = engine.call("Query", partition(Limit=2, ExclusiveStartKey=page["LastEvaluatedKey"]))
    assert (after["Count"], "LastEvaluatedKey" in after) == (0, False)


def test_numbers_sort_as_numbers_in_both_directions(engine: Engine) -> None:
    for number in ("10", "9", "-1", "-1.5", "0.5", "0", "1E20", "-1E20"):
        engine.call("PutItem", {"TableName": "things", "Item": {"p": {"S": "a"}, "r": {"N": number}}})
    forward, backward = (engine.call("Query", partition(ScanIndexForward=way))["Items"] for way in (True, False))
    assert isinstance(forward, list)
    assert isinstance(backward, list)
    numbers = [float(item["r"]["N"]) for item in forward]
    assert all(one < two for one, two in pairwise(numbers))
    assert backward == forward[::-1]


def test_an_index_pages_through_items_with_equal_keys(engine: Engine) -> None:
    for number in range(7):
        item = {"p": {"S": "a"}, "r": {"N": str(number)}, "l": {"S": "same"}, "g": {"S": "group"}}
        engine.call("PutItem", {"TableName": "things", "Item": item})
    for index, condition, value in (("by_l", "p = :p", "a"), ("by_g", "g = :p", "group")):
        for forward in (True, False):
            seen: list[str] = []
            start: dict[str, object] = {}
            while True:
                page = engine.call(
                    "Query",
                    {
                        "TableName": "things",
                        "IndexName": index,
                        "KeyConditionExpression": condition,
                        "ExpressionAttributeValues": {":p": {"S": value}},
                        "ScanIndexForward": forward,
                        "Limit": 2,
                        **start,
                    },
                )
                items = page["Items"]
                assert isinstance(items, list)
                seen += [item["r"]["N"] for item in items]
                if "LastEvaluatedKey" not in page:
                    break
                start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
            assert sorted(seen) == [str(number) for number in range(7)]


def test_an_item_leaves_an_index_with_its_key(engine: Engine) -> None:
    engine.call("PutItem", {"TableName": "things", "Item": {**KEY, "l": {"S": "x"}}})
    assert engine.call("Query", partition(IndexName="by_l"))["Count"] == 1
    engine.call("UpdateItem", {"TableName": "things", "Key": KEY, "UpdateExpression": "REMOVE l"})
    assert engine.call("Query", partition(IndexName="by_l"))["Count"] == 0
    assert engine.call("Query", partition())["Count"] == 1


def counting(token: str, amount: str = "1") -> dict[str, Any]:
    return {
        "ClientRequestToken": token,
        "TransactItems": [
            {
                "Update": {
                    "TableName": "plain",
                    "Key": {"p": {"S": "counter"}},
                    "UpdateExpression": "ADD n :n",
                    "ExpressionAttributeValues": {":n": {"N": amount}},
                }
            }
        ],
    }


def test_a_repeated_token_acts_once(engine: Engine) -> None:
    for token in ("one", "one", "two"):
        engine.call("TransactWriteItems", counting(token))
    item = engine.call("GetItem", {"TableName": "plain", "Key": {"p": {"S": "counter"}}})["Item"]
    assert item == {"p": {"S": "counter"}, "n": {"N": "2"}}


def test_a_token_with_other_content_is_refused(engine: Engine) -> None:
    engine.call("TransactWriteItems", counting("one"))
    answer = refusal(engine, "TransactWriteItems", counting("one", amount="5"))
    assert answer["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_a_token_may_be_used_again_after_ten_minutes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("chalicelib.onebox.engine.transactions.time.time", lambda: now)
    engine.call("TransactWriteItems", counting("one"))
    now += 601
    engine.call("TransactWriteItems", counting("one", amount="5"))
    item = engine.call("GetItem", {"TableName": "plain", "Key": {"p": {"S": "counter"}}})["Item"]
    assert item == {"p": {"S": "counter"}, "n": {"N": "6"}}


def test_a_cancelled_transaction_does_not_use_up_its_token(engine: Engine) -> None:
    guarded = counting("one")
    check = {
        "ConditionCheck": {
            "TableName": "plain",
            "Key": {"p": {"S": "gate"}},
            "ConditionExpression": "attribute_exists(p)",
        }
    }
    guarded["TransactItems"] = [*counting("one")["TransactItems"], check]
    assert refusal(engine, "TransactWriteItems", guarded)["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
    ]
    engine.call("PutItem", {"TableName": "plain", "Item": {"p": {"S": "gate"}}})
    engine.call("TransactWriteItems", guarded)
    assert "Item" in engine.call("GetItem", {"TableName": "plain", "Key": {"p": {"S": "counter"}}})


def test_a_transaction_above_four_megabytes_changes_nothing(engine: Engine) -> None:
    puts = [
        {"Put": {"TableName": "plain", "Item": {"p": {"S": str(n)}, "text": {"S": "x" * 390_000}}}} for n in range(11)
    ]
    answer = refusal(engine, "TransactWriteItems", {"TransactItems": puts})
    assert "4 MB" in str(answer["Error"])
    assert "Item" not in engine.call("GetItem", {"TableName": "plain", "Key": {"p": {"S": "0"}}})


def test_consumed_capacity_is_told_when_asked_for(engine: Engine) -> None:
    item = {"p": {"S": "a"}, "text": {"S": "x" * 5000}}
    put = engine.call("PutItem", {"TableName": "plain", "Item": item, "ReturnConsumedCapacity": "TOTAL"})
    assert put["ConsumedCapacity"] == {"TableName": "plain", "CapacityUnits": 5.0}
    get = {"TableName": "plain", "Key": {"p": {"S": "a"}}, "ReturnConsumedCapacity": "TOTAL"}
    assert engine.call("GetItem", get)["ConsumedCapacity"] == {"TableName": "plain", "CapacityUnits": 1.0}
    assert engine.call("GetItem", {**get, "ConsistentRead": True})["ConsumedCapacity"] == {
        "TableName": "plain",
        "CapacityUnits": 2.0,
    }


def test_a_failed_condition_shows_the_item_when_asked(engine: Engine) -> None:
    engine.call("PutItem", {"TableName": "plain", "Item": {"p": {"S": "a"}, "n": {"N": "1"}}})
    guarded = {
        "TableName": "plain",
        "Item": {"p": {"S": "a"}},
        "ConditionExpression": "attribute_not_exists(p)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    assert refusal(engine, "PutItem", guarded)["Item"] == {"p": {"S": "a"}, "n": {"N": "1"}}


def test_what_the_caller_holds_is_not_what_is_stored(engine: Engine) -> None:
    item: dict[str, dict[str, object]] = {"p": {"S": "a"}, "li": {"L": [{"S": "x"}]}}
    engine.call("PutItem", {"TableName": "plain", "Item": item})
    item["li"]["L"] = []
    answer = engine.call("GetItem", {"TableName": "plain", "Key": {"p": {"S": "a"}}})["Item"]
    assert answer == {"p": {"S": "a"}, "li": {"L": [{"S": "x"}]}}


def test_documents_nest_32_levels_and_no_deeper(engine: Engine) -> None:
    def nested(levels: int) -> dict[str, object]:
        value: dict[str, object] = {"S": "deep"}
        for _ in range(levels):
            value = {"L": [value]}
        return value

    engine.call("PutItem", {"TableName": "plain", "Item": {"p": {"S": "a"}, "d": nested(31)}})
    answer = refusal(engine, "PutItem", {"TableName": "plain", "Item": {"p": {"S": "a"}, "d": nested(33)}})
    assert "Nesting Levels" in str(answer["Error"])


def test_a_table_exists_once_and_can_be_deleted(engine: Engine) -> None:
    described = engine.call("DescribeTable", {"TableName": "plain"})["Table"]
    assert isinstance(described, dict)
    assert described["TableStatus"] == "ACTIVE"
    engine.call("DeleteTable", {"TableName": "plain"})
    for operation in ("DescribeTable", "DeleteTable"):
        answer = refusal(engine, operation, {"TableName": "plain"})
        assert "ResourceNotFoundException" in str(answer["Error"])
