"""ExclusiveStartKey: the position after which a page starts."""

from collections.abc import Sequence

from chalicelib.onebox.engine.errors import invalid
from chalicelib.onebox.engine.expressions.keyconditions import KeyCondition, RangeCondition
from chalicelib.onebox.engine.schema import Index, KeyAttribute, Table
from chalicelib.onebox.engine.values import Item, type_of


def position_of(
    start: Item, table: Table, index: Index | None, condition: KeyCondition, order: Sequence[str]
) -> list[bytes]:
    """The start key's bytes for the columns of the ordering."""
    keys = table.keys if index is None else index.keys
    attributes = {attribute.name: attribute for attribute in (*table.keys.attributes, *keys.attributes)}
    if start.keys() != attributes.keys():
        raise invalid("The provided starting key is invalid")
    for name, attribute in attributes.items():
        if type_of(start[name]) != attribute.type:
            raise invalid("The provided starting key is invalid: The provided key element does not match the schema")
    outside = start[keys.hash.name] != condition.hash_value
    if keys.range is not None and condition.range is not None:
        outside = outside or not _within(keys.range, start, condition.range)
    if outside:
        raise invalid("The provided starting key is outside query boundaries based on provided conditions")
    hash_bytes, range_bytes = table.key_bytes(start)
    columns = {"h": hash_bytes, "r": range_bytes}
    return [columns[column] if column in columns else _encoded(keys.range, start) for column in order]


def _encoded(attribute: KeyAttribute | None, start: Item) -> bytes:
    assert attribute is not None  # an ordering column beside the table's own is the index's sort key
    return attribute.encode(start[attribute.name])


def _within(attribute: KeyAttribute, start: Item, condition: RangeCondition) -> bool:
    position = attribute.encode(start[attribute.name])
    values = [attribute.encode(value) for value in condition.values]
    match condition.operator:
        case "BETWEEN":
            return values[0] <= position <= values[1]
        case "begins_with":
            return position.startswith(values[0])
        case "=":
            return position == values[0]
        case "<":
            return position < values[0]
        case "<=":
            return position <= values[0]
        case ">":
            return position > values[0]
        case _:
            return position >= values[0]
