"""One wrong thing a call: the engine refuses it with the code and the reasons that an oracle gives too.

Each oracle accepts some calls that DynamoDB refuses, but hardly ever the same ones, so one witness is enough.
"""

from collections.abc import Iterator, Mapping

import pytest

from tests.contract.dynamodb.generators import Shape
from tests.contract.dynamodb.oracles import Oracle, table_on
from tests.contract.dynamodb.outcomes import ask

TABLE = "invalid-calls"
KEY = {"p": {"S": "a"}, "r": {"N": "1"}}
SHAPE = Shape("S", "N", "S", "S", "N")
ONE, TEXT = {"N": "1"}, {"S": "x"}

Parameters = Mapping[str, object]


def put(item: Parameters, **more: object) -> tuple[str, Parameters]:
    return "PutItem", {"Item": {**KEY, **item}, **more}


def update(expression: str, values: Parameters | None = None, **more: object) -> tuple[str, Parameters]:
    given = {"ExpressionAttributeValues": values} if values else {}
    return "UpdateItem", {"Key": KEY, "UpdateExpression": expression, **given, **more}


def query(condition: str, values: Parameters, **more: object) -> tuple[str, Parameters]:
    return "Query", {"KeyConditionExpression": condition, "ExpressionAttributeValues": values, **more}


def guard(condition: str, values: Parameters | None = None, **more: object) -> tuple[str, Parameters]:
    given = {"ExpressionAttributeValues": values} if values else {}
    return "DeleteItem", {"Key": KEY, "ConditionExpression": condition, **given, **more}


def transact(*actions: Parameters, **more: object) -> tuple[str, Parameters]:
    return "TransactWriteItems", {"TransactItems": list(actions), **more}


def batch(*requests: Parameters) -> tuple[str, Parameters]:
    return "BatchWriteItem", {"RequestItems": {TABLE: list(requests)}}


PUT = {"Put": {"TableName": TABLE, "Item": KEY}}
HASH = {":p": {"S": "a"}}

CALLS: dict[str, tuple[str, Parameters]] = {
    "a missing hash key": ("PutItem", {"Item": {"r": ONE}}),
    "a missing sort key": ("PutItem", {"Item": {"p": TEXT}}),
    "a key of another type": put({"r": TEXT}),
    "an empty key string": put({"p": {"S": ""}}),
    "an empty index key string": put({"l": {"S": ""}}),
    "an index key of another type": put({"h": TEXT}),
    "a key that is too long": put({"p": {"S": "x" * 2049}}),
    "an item that is too large": put({"s": {"S": "x" * 410_000}}),
    "a number with 39 digits": put({"n": {"N": "1" * 39}}),
    "a number that is too large": put({"n": {"N": "1E126"}}),
    "a number that is too small": put({"n": {"N": "1E-131"}}),
    "a number that is no number": put({"n": {"N": "x"}}),
    "an empty number": put({"n": {"N": ""}}),
    "an empty set": put({"ss": {"SS": []}}),
    "a set with duplicates": put({"ss": {"SS": ["a", "a"]}}),
    "a number set with equal numbers": put({"ns": {"NS": ["1", "1.0"]}}),
    "a value of two types": put({"s": {"S": "a", "N": "1"}}),
    "a value of no type": put({"s": {}}),
    "a null that is false": put({"s": {"NULL": False}}),
    "return values that put cannot give": put({}, ReturnValues="ALL_NEW"),
    "unknown return values": put({}, ReturnValues="ALL"),
    "a key with an extra attribute": ("GetItem", {"Key": {**KEY, "s": TEXT}}),
    "a key without the sort key": ("GetItem", {"Key": {"p": TEXT}}),
    "an unused name": guard("attribute_exists(p)", ExpressionAttributeNames={"#x": "x"}),
    "an unused value": guard("attribute_exists(p)", {":x": ONE}),
    "an undefined name": guard("attribute_exists(#x)"),
    "an undefined value": guard("p = :x"),
    "values without an expression": put({}, ExpressionAttributeValues={":x": ONE}),
    "names without an expression": put({}, ExpressionAttributeNames={"#x": "x"}),
    "empty values": guard("attribute_exists(p)", ExpressionAttributeValues={}),
    "an empty condition": guard(""),
    "a syntax error": guard("p ="),
    "a reserved word": guard("name = :x", {":x": ONE}),
    "an unknown function": guard("exists(p)"),
    "a function of another case": guard("SIZE(p) > :x", {":x": ONE}),
    "too few operands": guard("begins_with(p)"),
    "redundant parentheses": guard("((p = :x))", {":x": ONE}),
    "equal operands": guard("s = s"),
    "a literal for a path": guard("attribute_exists(:x)", {":x": TEXT}),
    "a type name that is none": guard("attribute_type(s, :x)", {":x": {"S": "TEXT"}}),
    "bounds in the wrong order": guard("n BETWEEN :x AND :y", {":x": {"N": "2"}, ":y": ONE}),
    "bounds of two types": guard("n BETWEEN :x AND :y", {":x": ONE, ":y": TEXT}),
    "an order of booleans": guard("n < :x", {":x": {"BOOL": True}}),
    "a function of updates in a condition": guard("if_not_exists(p, :x)", {":x": ONE}),
    "a value function as a condition": guard("size(p)"),
    "a condition as a value": guard("attribute_exists(p) = :x", {":x": ONE}),
    "an update of the key": update("SET p = :x", {":x": TEXT}),
    "two updates of one place": update("SET s = :x, s = :x", {":x": TEXT}),
    "an update of a place and its part": update("SET m = :x, m.y = :x", {":x": TEXT}),
    "a place both as map and as list": update("SET m[0] = :x, m.y = :x", {":x": TEXT}),
    "a section twice": update("SET s = :x SET n = :x", {":x": TEXT}),
    "a sum with text": update("SET n = n + :x", {":x": TEXT}),
    "a sum on a text attribute": update("SET n = s + :x", {":x": ONE}),
    "a missing attribute read": update("SET n = missing + :x", {":x": ONE}),
    "a path into text": update("SET s.x = :x", {":x": ONE}),
    "a path into nothing": update("SET missing.x = :x", {":x": ONE}),
    "ADD of text": update("ADD s :x", {":x": TEXT}),
    "ADD to another type": update("ADD s :x", {":x": ONE}),
    "DELETE of a number": update("DELETE ss :x", {":x": ONE}),
    "DELETE from another type": update("DELETE s :x", {":x": {"SS": ["a"]}}),
    "list_append of a number": update("SET li = list_append(li, :x)", {":x": ONE}),
    "a condition's function in an update": update("SET s = size(s)"),
    "an update that grows too large": update("SET big = :x", {":x": {"S": "x" * 410_000}}),
    "an update to a wrong index key": update("SET h = :x", {":x": TEXT}),
    "a query without the hash key": query("r = :r", {":r": ONE}),
    "a query without a condition": ("Query", {}),
    "a range on the hash key": query("p > :p", HASH),
    "a condition on no key": query("p = :p AND s = :s", {**HASH, ":s": TEXT}),
    "two conditions on a key": query("p = :p AND r > :a AND r < :b", {**HASH, ":a": ONE, ":b": {"N": "9"}}),
    "OR between keys": query("p = :p OR r = :r", {**HASH, ":r": ONE}),
    "NOT of a key": query("NOT p = :p", HASH),
    "IN for a key": query("p = :p AND r IN (:r)", {**HASH, ":r": ONE}),
    "inequality of a key": query("p = :p AND r <> :r", {**HASH, ":r": ONE}),
    "begins_with of a number": query("p = :p AND begins_with(r, :r)", {**HASH, ":r": ONE}),
    "a key value of another type": query("p = :p", {":p": ONE}),
    "an empty key value": query("p = :p", {":p": {"S": ""}}),
    "an unknown index": query("p = :p", HASH, IndexName="nowhere"),
    "a consistent read of a global index": query("g = :p", HASH, IndexName="global", ConsistentRead=True),
    "a filter on the key": query("p = :p", HASH, FilterExpression="attribute_exists(r)"),
    "a limit of zero": query("p = :p", HASH, Limit=0),
    "all attributes of a partial index": query("g = :p", HASH, IndexName="global", Select="ALL_ATTRIBUTES"),
    "projected attributes of a table": query("p = :p", HASH, Select="ALL_PROJECTED_ATTRIBUTES"),
    "specific attributes of none": query("p = :p", HASH, Select="SPECIFIC_ATTRIBUTES"),
    "a projection that is not projected": query("g = :p", HASH, IndexName="global", ProjectionExpression="n"),
    "a count with a projection": query("p = :p", HASH, Select="COUNT", ProjectionExpression="n"),
    "a start key of another shape": query("p = :p", HASH, ExclusiveStartKey={"p": TEXT}),
    "a start key of another partition": query("p = :p", HASH, ExclusiveStartKey={"p": TEXT, "r": ONE}),
    "overlapping projections": ("GetItem", {"Key": KEY, "ProjectionExpression": "m, m.x"}),
    "an empty projection": ("GetItem", {"Key": KEY, "ProjectionExpression": ""}),
    "a batch that names an item twice": batch({"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}),
    "a batch of nothing": batch(),
    "a batch of 26": batch(*({"PutRequest": {"Item": {**KEY, "r": {"N": str(n)}}}} for n in range(26))),
    "a read batch with duplicates": ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": [KEY, KEY]}}}),
    "a transaction that names an item twice": transact(PUT, PUT),
    "a transaction of nothing": transact(),
    "a transaction of 101": transact(
        *({"Put": {"TableName": TABLE, "Item": {**KEY, "r": {"N": str(n)}}}} for n in range(101))
    ),
    "a transaction with an ill-fitting update": transact(
        {"Update": {"TableName": TABLE, "Key": KEY, "UpdateExpression": "SET n = s"}},
        {
            "Update": {
                "TableName": TABLE,
                "Key": {**KEY, "r": {"N": "5"}},
                "UpdateExpression": "ADD s :x",
                "ExpressionAttributeValues": {":x": ONE},
                "ConditionExpression": "attribute_exists(p)",
            }
        },
    ),
    "a transaction with a wrong key": transact(PUT, {"Delete": {"TableName": TABLE, "Key": {"p": TEXT}}}),
    "a transaction with an empty index key": transact({"Put": {"TableName": TABLE, "Item": {**KEY, "l": {"S": ""}}}}),
    "a transaction on no table": transact({"Put": {"TableName": "nowhere", "Item": KEY}}),
}


# Accepted by both oracles; DynamoDB's own documentation and answers say otherwise.
WITHOUT_WITNESS = frozenset(
    (
        "equal operands",
        "a type name that is none",
        "bounds of two types",
        "an order of booleans",
        "a function of updates in a condition",
        "OR between keys",
        "NOT of a key",
        "inequality of a key",
        "a filter on the key",
        "a projection that is not projected",
    )
)


@pytest.fixture(scope="module")
def tables(embedded: Oracle, oracles: list[Oracle]) -> Iterator[list[Oracle]]:
    systems = [embedded, *oracles]
    with table_on(systems, SHAPE.definition(TABLE)):
        yield systems


@pytest.fixture
def prepared(tables: list[Oracle]) -> list[Oracle]:
    item = {**KEY, "s": {"S": "a"}, "li": {"L": []}, "ss": {"SS": ["a"]}, "n": ONE}
    for oracle in tables:
        oracle.call("PutItem", {"TableName": TABLE, "Item": item})
    return tables


@pytest.mark.parametrize("name", CALLS)
def test_it_is_refused_like_this(name: str, prepared: list[Oracle]) -> None:
    operation, parameters = CALLS[name]
    if operation in ("PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query"):
        parameters = {"TableName": TABLE, **parameters}
    engine, ministack, moto, *endpoints = (ask(oracle, operation, parameters) for oracle in prepared)
    assert "Error" in engine
    assert (engine in (ministack, moto)) == (name not in WITHOUT_WITNESS), (ministack, moto)
    assert all(engine == endpoint for endpoint in endpoints)
