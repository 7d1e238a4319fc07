"""What a key condition says about the hash key and the sort key of a table or an index."""

from dataclasses import dataclass

from chalicelib.onebox.engine.errors import Refusal, invalid, invalid_parameters, invalid_values
from chalicelib.onebox.engine.expressions import nodes
from chalicelib.onebox.engine.schema import KeyAttribute, KeySchema
from chalicelib.onebox.engine.values import AttributeValue, type_of


@dataclass(frozen=True, slots=True)
class RangeCondition:
    """`operator` is a comparator, `BETWEEN` or `begins_with`; `values` are its one or two bounds."""

    operator: str
    values: tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True)
class KeyCondition:
    hash_value: AttributeValue
    range: RangeCondition | None


def read(condition: nodes.Condition, schema: KeySchema) -> KeyCondition:
    parts = condition.conditions if isinstance(condition, nodes.Both) else (condition,)
    flat = [leaf for part in parts for leaf in (part.conditions if isinstance(part, nodes.Both) else (part,))]
    found: dict[str, RangeCondition] = {}
    for part in flat:
        name, simple = _simple(part)
        if name in found:
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        found[name] = simple
    hash_condition = found.pop(schema.hash.name, None)
    range_condition = found.pop(schema.range.name, None) if schema.range else None
    if hash_condition is None or found:
        if len(flat) > 2:
            raise invalid("Conditions can be of length 1 or 2 only")
        missed = schema.hash if hash_condition is None else schema.range
        if missed is None or (range_condition is not None and found):
            raise invalid("Query key condition not supported")
        raise invalid(f"Query condition missed key schema element: {missed.name}")
    if hash_condition.operator != "=":
        raise invalid("Query key condition not supported")
    _check_types(schema.hash, hash_condition)
    if schema.range is not None and range_condition is not None:
        _check_types(schema.range, range_condition)
    return KeyCondition(hash_condition.values[0], range_condition)


def _simple(node: nodes.Condition) -> tuple[str, RangeCondition]:
    match node:
        case nodes.Comparison("<>"):
            raise _bad_operator("<>")
        case nodes.Comparison(operator, nodes.Path() as path, nodes.Literal(value)):
            return _name(path), RangeCondition(operator, (value,))
        case nodes.Comparison(operator, nodes.Literal(value), nodes.Path() as path):
            return _name(path), RangeCondition(_MIRRORED[operator], (value,))
        case nodes.Between(nodes.Path() as path, nodes.Literal(low), nodes.Literal(high)):
            return _name(path), RangeCondition("BETWEEN", (low, high))
        case nodes.Call("begins_with", (nodes.Path() as path, nodes.Literal(prefix))):
            return _name(path), RangeCondition("begins_with", (prefix,))
        case nodes.Either():
            raise _bad_operator("OR")
        case nodes.Negated():
            raise _bad_operator("NOT")
        case nodes.Membership():
            raise _bad_operator("IN")
        case nodes.Call(function, _):
            raise _bad_operator(function)
        case _:
            raise invalid("Query key condition not supported")


_MIRRORED = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _name(path: nodes.Path) -> str:
    if len(path.steps) > 1:
        raise invalid(
            "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes"
        )
    return str(path.steps[0])


def _bad_operator(operator: str) -> Refusal:
    return invalid(f"Invalid operator used in KeyConditionExpression: {operator}")


def _check_types(attribute: KeyAttribute, condition: RangeCondition) -> None:
    for value in condition.values:
        if type_of(value) != attribute.type:
            raise invalid_parameters("Condition parameter type does not match schema type")
        if attribute.type != "N" and not value[attribute.type] and condition.operator != "begins_with":
            kind = "string" if attribute.type == "S" else "binary"
            raise invalid_values(
                f"The AttributeValue for a key attribute cannot contain an empty {kind} value. Key: {attribute.name}"
            )
