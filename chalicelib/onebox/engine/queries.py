"""Query: one partition of a table or an index, in key order, in pages.

A page ends after `Limit` items or before the item that would take it past 1 MB, counted before filtering.
Items that are equal in an index's keys follow in the order of the table's keys, so a page's last key
marks one position.
"""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chalicelib.onebox.engine import rows
from chalicelib.onebox.engine.capacity import Capacity
from chalicelib.onebox.engine.errors import invalid, invalid_parameters
from chalicelib.onebox.engine.expressions import conditions, keyconditions, nodes
from chalicelib.onebox.engine.expressions.binding import Bindings
from chalicelib.onebox.engine.expressions.projection import project
from chalicelib.onebox.engine.parameters import Parameters, constraint
from chalicelib.onebox.engine.ranges import bounds
from chalicelib.onebox.engine.schema import Index, KeySchema, Table
from chalicelib.onebox.engine.startkeys import position_of
from chalicelib.onebox.engine.values import Item, size_of_item

MAX_PAGE_BYTES = 1024 * 1024

PARAMETERS = (
    "TableName",
    "IndexName",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "Select",
    "Limit",
    "ScanIndexForward",
    "ExclusiveStartKey",
    "ConsistentRead",
    "ReturnConsumedCapacity",
)
_SELECTS = ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT")


@dataclass(frozen=True, slots=True)
class Plan:
    table: Table
    index: Index | None
    sql: str
    arguments: tuple[object, ...]
    limit: int | None
    filter: nodes.Condition | None
    shape: Callable[[Item], Item]
    counted_only: bool
    consistent: bool


@dataclass(slots=True)
class Page:
    items: list[Item]
    scanned: int
    size: int
    last: Item | None


def query(connection: sqlite3.Connection, table: Table, parameters: Parameters) -> dict[str, object]:
    plan = _plan(table, parameters)
    capacity = Capacity(parameters)
    page = _page(connection, plan)
    capacity.read(table, page.size, plan.consistent)
    answer: dict[str, object] = {"Count": len(page.items), "ScannedCount": page.scanned}
    if not plan.counted_only:
        answer["Items"] = [plan.shape(item) for item in page.items]
    if page.last is not None:
        keys = plan.index.keys.names if plan.index else ()
        answer["LastEvaluatedKey"] = {name: page.last[name] for name in (*table.keys.names, *keys)}
    return {**answer, **capacity.single()}


def _page(connection: sqlite3.Connection, plan: Plan) -> Page:
    page = Page([], 0, 0, None)
    latest: Item | None = None
    carried = plan.table.projected_names(plan.index) if plan.index else None
    cursor = connection.execute(plan.sql, plan.arguments)
    try:
        for body, size in cursor:
            item = rows.decode(body)
            if carried is not None:
                size = size_of_item({name: value for name, value in item.items() if name in carried})
            if page.scanned and page.size + size > MAX_PAGE_BYTES:
                page.last = latest
                break
            page.scanned += 1
            page.size += size
            latest = item
            if plan.filter is None or conditions.holds(plan.filter, item):
                page.items.append(item)
            if page.scanned == plan.limit:
                page.last = item
                break
    finally:
        cursor.close()
    return page


def _plan(table: Table, parameters: Parameters) -> Plan:
    name = parameters.optional_text("IndexName")
    index = None if name is None else table.index(name)
    keys = table.keys if index is None else index.keys
    limit = parameters.integer("Limit")
    if limit is not None and limit < 1:
        raise constraint("Limit", limit, "Member must have value greater than or equal to 1")
    consistent = parameters.flag("ConsistentRead", default=False)
    if consistent and index is not None and index.is_global:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    bindings = Bindings(parameters.names(), parameters.values())
    text = parameters.optional_text("KeyConditionExpression")
    if text is None:
        raise invalid(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    condition = keyconditions.read(bindings.condition(text, "KeyConditionExpression"), keys)
    filtering = _filter(keys, parameters, bindings)
    shape = _shape(table, index, parameters, bindings)
    bindings.finish()
    select = parameters.optional_text("Select")
    sql, arguments = _statement(table, index, condition, parameters)
    return Plan(table, index, sql, arguments, limit, filtering, shape, select == "COUNT", consistent)


def _statement(
    table: Table, index: Index | None, condition: keyconditions.KeyCondition, parameters: Parameters
) -> tuple[str, tuple[object, ...]]:
    keys = table.keys if index is None else index.keys
    columns: tuple[str, ...]
    name = f"t{table.number}"
    if index is None:
        source, columns, present = name, ("h", "r"), ""
    else:
        number = table.indexes.index(index)
        source = f"{name} INDEXED BY {name}_{number}"
        columns = rows.index_columns(index, number)
        present = f" AND {rows.presence(index, number)} IS NOT NULL"
    where = f"{columns[0]} = ?{present}"
    arguments: list[object] = [keys.hash.encode(condition.hash_value)]
    if condition.range is not None and keys.range is not None:
        clause, values = bounds(columns[1], keys.range, condition.range)
        where += clause
        arguments += values
    forward = parameters.flag("ScanIndexForward", default=True)
    order = tuple(dict.fromkeys((*columns[1:], "h", "r"))) if index else ("r",)
    if "ExclusiveStartKey" in parameters:
        where += f" AND ({', '.join(order)}) {'>' if forward else '<'} ({', '.join('?' * len(order))})"
        arguments += position_of(parameters.item("ExclusiveStartKey"), table, index, condition, order)
    direction = "" if forward else " DESC"
    ordering = ", ".join(f"{column}{direction}" for column in order)
    return f"SELECT item, size FROM {source} WHERE {where} ORDER BY {ordering}", tuple(arguments)


def _filter(keys: KeySchema, parameters: Parameters, bindings: Bindings) -> nodes.Condition | None:
    text = parameters.optional_text("FilterExpression")
    if text is None:
        return None
    condition = bindings.condition(text, "FilterExpression")
    for name in sorted(_top_level_names(condition)):
        if name in keys.names:
            raise invalid(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
            )
    return condition


def _top_level_names(node: object) -> set[str]:
    match node:
        case nodes.Path(steps):
            return {str(steps[0])}
        case nodes.Both(parts) | nodes.Either(parts) | nodes.Call(_, parts):
            return _names_in(parts)
        case nodes.Negated(condition):
            return _top_level_names(condition)
        case nodes.Comparison(_, left, right):
            return _names_in((left, right))
        case nodes.Between(operand, low, high):
            return _names_in((operand, low, high))
        case nodes.Membership(operand, candidates):
            return _names_in((operand, *candidates))
        case _:
            return set()


def _names_in(parts: Iterable[object]) -> set[str]:
    return set().union(*map(_top_level_names, parts))


def _shape(table: Table, index: Index | None, parameters: Parameters, bindings: Bindings) -> Callable[[Item], Item]:
    default = "ALL_PROJECTED_ATTRIBUTES" if index else "ALL_ATTRIBUTES"
    text = parameters.optional_text("ProjectionExpression")
    select = parameters.choice("Select", _SELECTS, "SPECIFIC_ATTRIBUTES" if text is not None else default)
    if select == "ALL_PROJECTED_ATTRIBUTES" and index is None:
        raise invalid_parameters("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    carried = table.projected_names(index) if index else None
    if text is not None:
        if select != "SPECIFIC_ATTRIBUTES":
            raise invalid(f"Cannot specify the ProjectionExpression when choosing to get {select}")
        paths = bindings.projection(text).paths
        if carried is not None and index is not None and index.is_global:
            _refuse_missing(index, carried, paths)
        return lambda item: project(item, paths)
    if select == "SPECIFIC_ATTRIBUTES":
        raise invalid(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if select == "ALL_ATTRIBUTES" and carried is not None and index is not None and index.is_global:
        raise invalid_parameters(
            "Select type ALL_ATTRIBUTES is not supported for global secondary index "
            f"{index.name} because its projection type is not ALL"
        )
    if select == "ALL_ATTRIBUTES" or carried is None:
        return lambda item: item
    return lambda item: {name: value for name, value in item.items() if name in carried}


def _refuse_missing(index: Index, carried: frozenset[str], paths: tuple[nodes.Path, ...]) -> None:
    missing = sorted({str(path.steps[0]) for path in paths} - carried)
    if missing:
        raise invalid_parameters(f"Global secondary index {index.name} does not project [{', '.join(missing)}]")
