"""Hypothesis strategies for whole calls about the tables of `generators`."""

from dataclasses import dataclass, field
from typing import cast

from hypothesis import strategies as st

from tests.contract.dynamodb import expressions
from tests.contract.dynamodb.expressions import Gathered
from tests.contract.dynamodb.generators import KEY_VALUES, KeyType, Shape, items, key_value, keys

TABLE = "{table}"  # replaced by the example's own table name


@dataclass(frozen=True)
class Call:
    operation: str
    parameters: dict[str, object] = field(default_factory=dict)

    def on(self, table: str) -> dict[str, object]:
        return cast(dict[str, object], _renamed(self.parameters, table))


def _renamed(value: object, table: str) -> object:
    if isinstance(value, dict):
        return {table if name == TABLE else name: _renamed(part, table) for name, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, table) for part in value]
    return table if value == TABLE else value


@st.composite
def put(draw: st.DrawFn, shape: Shape) -> dict[str, object]:
    return {"TableName": TABLE, "Item": draw(items(shape)), **_guard(draw)}


@st.composite
def delete(draw: st.DrawFn, shape: Shape) -> dict[str, object]:
    return {"TableName": TABLE, "Key": draw(keys(shape)), **_guard(draw)}


@st.composite
def update(draw: st.DrawFn, shape: Shape) -> dict[str, object]:
    gathered = Gathered(draw)
    parameters: dict[str, object] = {"TableName": TABLE, "Key": draw(keys(shape))}
    parameters["UpdateExpression"] = expressions.update(draw, gathered)
    return {**parameters, **_guard(draw, gathered), **gathered.parameters()}


@st.composite
def check(draw: st.DrawFn, shape: Shape) -> dict[str, object]:
    gathered = Gathered(draw)
    condition = expressions.condition(draw, gathered)
    key = draw(keys(shape))
    return {"TableName": TABLE, "Key": key, "ConditionExpression": condition, **gathered.parameters()}


def _guard(draw: st.DrawFn, gathered: Gathered | None = None) -> dict[str, object]:
    """Now and then a condition, and what to show when it fails."""
    if not draw(st.booleans()):
        return {}
    own = gathered or Gathered(draw)
    guard: dict[str, object] = {"ConditionExpression": expressions.condition(draw, own)}
    if draw(st.booleans()):
        guard["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return guard if gathered else {**guard, **own.parameters()}


@st.composite
def single_writes(draw: st.DrawFn, shape: Shape) -> Call:
    operation, strategy, returned = draw(
        st.sampled_from(
            [
                ("PutItem", put(shape), ["NONE", "ALL_OLD"]),
                ("UpdateItem", update(shape), ["ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]),
                ("DeleteItem", delete(shape), ["NONE", "ALL_OLD"]),
            ]
        )
    )
    return Call(operation, {**draw(strategy), "ReturnValues": draw(st.sampled_from(returned))})


@st.composite
def transactions(draw: st.DrawFn, shape: Shape) -> Call:
    kinds = {"Put": put(shape), "Update": update(shape), "Delete": delete(shape), "ConditionCheck": check(shape)}
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=3))
    return Call("TransactWriteItems", {"TransactItems": [{kind: draw(kinds[kind])} for kind in chosen]})


@st.composite
def batch_writes(draw: st.DrawFn, shape: Shape) -> Call:
    requests = st.one_of(
        items(shape).map(lambda item: {"PutRequest": {"Item": item}}),
        keys(shape).map(lambda key: {"DeleteRequest": {"Key": key}}),
    )
    return Call("BatchWriteItem", {"RequestItems": {TABLE: draw(st.lists(requests, min_size=1, max_size=4))}})


@st.composite
def reads(draw: st.DrawFn, shape: Shape) -> Call:
    gathered = Gathered(draw)
    shown: dict[str, object] = {}
    if draw(st.booleans()):
        paths = draw(st.lists(st.sampled_from(["s", "n", "m.x", "li[1]", "ss", "p"]), unique=True, min_size=1))
        shown = {"ProjectionExpression": ", ".join(paths)}
    else:
        shown = gathered.parameters()
    wanted = draw(st.lists(keys(shape), min_size=1, max_size=3, unique_by=lambda key: (str(key["p"]), str(key["r"]))))
    match draw(st.sampled_from(["GetItem", "BatchGetItem", "TransactGetItems"])):
        case "GetItem":
            return Call("GetItem", {"TableName": TABLE, "Key": wanted[0], "ConsistentRead": True, **shown})
        case "BatchGetItem":
            return Call("BatchGetItem", {"RequestItems": {TABLE: {"Keys": wanted, **shown}}})
        case _:
            gets = [{"Get": {"TableName": TABLE, "Key": key, **shown}} for key in wanted]
            return Call("TransactGetItems", {"TransactItems": gets})


@st.composite
def queries(draw: st.DrawFn, shape: Shape) -> Call:
    index, first, second = draw(st.sampled_from([(None, "p", "r"), ("local", "p", "l"), ("global", "g", "h")]))
    gathered = Gathered(draw)
    partition = gathered.value(draw(key_value(shape.kinds()[first], 2)))
    condition = f"{gathered.name(first)} = {partition}"
    if draw(st.booleans()):
        condition += " AND " + _range(draw, gathered, second, shape.kinds()[second])
    parameters: dict[str, object] = {"TableName": TABLE, "KeyConditionExpression": condition}
    if index is not None:
        parameters["IndexName"] = index
    if draw(st.booleans()):
        parameters["ScanIndexForward"] = draw(st.booleans())
    if draw(st.booleans()):
        parameters["Limit"] = draw(st.integers(1, 3))
    if draw(st.booleans()) and index != "global":
        parameters["FilterExpression"] = _filter(draw, gathered)
    if draw(st.integers(0, 3)) == 0:
        parameters["Select"] = "COUNT"
    elif draw(st.integers(0, 3)) == 0:
        parameters["ProjectionExpression"] = "s, p"
    return Call("Query", {**parameters, **gathered.parameters()})


def _filter(draw: st.DrawFn, gathered: Gathered) -> str:
    """A filter may not name the keys of what is queried, so it keeps to the plain attributes."""
    name = gathered.name(draw(st.sampled_from(["s", "n", "flag"])))
    if draw(st.booleans()):
        return f"attribute_exists({name})"
    return f"{name} <> {gathered.value({'N': '1'})} AND NOT contains({name}, {gathered.value({'S': 'b'})})"


def _range(draw: st.DrawFn, gathered: Gathered, name: str, kind: KeyType) -> str:
    place = gathered.name(name)
    value = draw(key_value(kind))
    form = draw(st.sampled_from(["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"]))
    if form == "BETWEEN":
        ordered: dict[KeyType, list[object]] = {
            "S": ["a", "aa", "b", "é"],
            "N": ["-1.55", "-1.5", "0", "9", "10"],
            "B": KEY_VALUES["B"][:3],
        }
        low, high = sorted(draw(st.lists(st.integers(0, len(ordered[kind]) - 1), min_size=2, max_size=2)))
        bounds = [gathered.value({kind: ordered[kind][position]}) for position in (low, high)]
        return f"{place} BETWEEN {bounds[0]} AND {bounds[1]}"
    if form == "begins_with" and kind != "N":
        return f"begins_with({place}, {gathered.value(value)})"
    operator = ">=" if form == "begins_with" else form
    return f"{place} {operator} {gathered.value(value)}"


def calls(shape: Shape) -> st.SearchStrategy[Call]:
    return st.one_of(
        single_writes(shape),
        single_writes(shape),
        batch_writes(shape),
        transactions(shape),
        reads(shape),
        queries(shape),
        queries(shape),
    )
