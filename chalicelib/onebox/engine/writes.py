"""One write to one item, however it arrived: alone, in a batch or in a transaction.

Reading a `Write` from the parameters makes every check that needs no item; `perform` then compares,
changes and records within an open write transaction, or raises and leaves the row alone.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from chalicelib.onebox.engine import rows
from chalicelib.onebox.engine.changes import ChangeFeed
from chalicelib.onebox.engine.errors import ConditionFailed, invalid, invalid_parameters
from chalicelib.onebox.engine.expressions import conditions, nodes, updates
from chalicelib.onebox.engine.expressions.binding import Bindings
from chalicelib.onebox.engine.expressions.projection import project
from chalicelib.onebox.engine.parameters import Parameters
from chalicelib.onebox.engine.schema import KeyBytes, Table
from chalicelib.onebox.engine.values import MAX_ITEM_BYTES, Item, size_of_item

EXPRESSIONS = ("ExpressionAttributeNames", "ExpressionAttributeValues")
CONDITION = ("ConditionExpression", "ReturnValuesOnConditionCheckFailure", *EXPRESSIONS)


@dataclass(frozen=True, slots=True)
class Write:
    table: Table
    key: KeyBytes
    transform: Callable[[Item | None], Item | None] | None  # None: only the condition counts
    condition: nodes.Condition | None = None
    show_on_failure: bool = False
    update: nodes.Update | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    old: Item | None
    new: Item | None


def put(table: Table, parameters: Parameters) -> Write:
    item = parameters.item("Item")
    bindings = _bindings(parameters)
    condition = _condition(parameters, bindings)
    bindings.finish()
    return put_item(table, item, condition, _show_on_failure(parameters))


def put_item(
    table: Table, item: Item, condition: nodes.Condition | None = None, show_on_failure: bool = False
) -> Write:
    table.check_item(item)
    if size_of_item(item) > MAX_ITEM_BYTES:
        raise invalid("Item size has exceeded the maximum allowed size")
    return Write(table, table.key_bytes(item), lambda old: item, condition, show_on_failure)


def delete(table: Table, parameters: Parameters) -> Write:
    key = parameters.item("Key")
    bindings = _bindings(parameters)
    condition = _condition(parameters, bindings)
    bindings.finish()
    return delete_item(table, key, condition, _show_on_failure(parameters))


def delete_item(
    table: Table, key: Item, condition: nodes.Condition | None = None, show_on_failure: bool = False
) -> Write:
    table.check_key(key)
    return Write(table, table.key_bytes(key), lambda old: None, condition, show_on_failure)


def check(table: Table, parameters: Parameters) -> Write:
    key = parameters.item("Key")
    bindings = _bindings(parameters)
    condition = bindings.condition(parameters.text("ConditionExpression"))
    bindings.finish()
    table.check_key(key)
    return Write(table, table.key_bytes(key), None, condition, _show_on_failure(parameters))


def update(table: Table, parameters: Parameters) -> Write:
    key = parameters.item("Key")
    bindings = _bindings(parameters)
    expression = parameters.optional_text("UpdateExpression")
    tree = None if expression is None else bindings.update(expression)
    condition = _condition(parameters, bindings)
    bindings.finish()
    table.check_key(key)
    _refuse_key_changes(table, tree)

    def transform(old: Item | None) -> Item:
        base = key if old is None else old
        new = base if tree is None else updates.apply(tree, base)
        table.check_index_keys(new)
        if size_of_item(new) > MAX_ITEM_BYTES:
            raise invalid("Item size to update has exceeded the maximum allowed size")
        return new

    return Write(table, table.key_bytes(key), transform, condition, _show_on_failure(parameters), tree)


def perform(connection: sqlite3.Connection, feed: ChangeFeed, write: Write, expired: bool = False) -> Outcome:
    old = rows.fetch(connection, write.table, write.key)
    if write.condition is not None and not conditions.holds(write.condition, old or {}):
        raise ConditionFailed(old if write.show_on_failure else None)
    if write.transform is None:
        return Outcome(old, old)
    new = write.transform(old)
    if new == old:
        return Outcome(old, new)
    if new is None:
        rows.erase(connection, write.table, write.key)
    else:
        rows.store(connection, write.table, write.key, new, size_of_item(new))
    feed.record(connection, write.table, old, new, expired)
    return Outcome(old, new)


def returned(wanted: str, outcome: Outcome, update: nodes.Update | None) -> Mapping[str, object]:
    image = outcome.old if wanted.endswith("OLD") else outcome.new
    if wanted == "NONE" or image is None:
        return {}
    if wanted.startswith("UPDATED"):
        image = project(image, updates.paths_of(update)) if update else {}
    return {"Attributes": image} if image else {}


def refuse_duplicates(keys: Iterable[tuple[str, KeyBytes]], message: str) -> None:
    seen: set[tuple[str, KeyBytes]] = set()
    for key in keys:
        if key in seen:
            raise invalid(message)
        seen.add(key)


def _bindings(parameters: Parameters) -> Bindings:
    return Bindings(parameters.names(), parameters.values())


def _condition(parameters: Parameters, bindings: Bindings) -> nodes.Condition | None:
    text = parameters.optional_text("ConditionExpression")
    return None if text is None else bindings.condition(text)


def _show_on_failure(parameters: Parameters) -> bool:
    choice = parameters.choice("ReturnValuesOnConditionCheckFailure", ("ALL_OLD", "NONE"), "NONE")
    return choice == "ALL_OLD"


def _refuse_key_changes(table: Table, tree: nodes.Update | None) -> None:
    for path in updates.paths_of(tree) if tree else ():
        if path.steps[0] in table.keys.names:
            raise invalid_parameters(f"Cannot update attribute {path.steps[0]}. This attribute is part of the key")
