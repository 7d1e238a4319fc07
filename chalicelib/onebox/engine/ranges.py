"""A key condition as bounds on ordered bytes, in SQL."""

from chalicelib.onebox.engine.expressions.keyconditions import RangeCondition
from chalicelib.onebox.engine.schema import KeyAttribute


def bounds(column: str, attribute: KeyAttribute, condition: RangeCondition) -> tuple[str, list[bytes]]:
    """SQL that ends the WHERE clause, and its parameters."""
    encoded = [attribute.encode(value) for value in condition.values]
    if condition.operator == "BETWEEN":
        return f" AND {column} BETWEEN ? AND ?", encoded
    if condition.operator == "begins_with":
        (prefix,) = encoded
        end = _after_all_with(prefix)
        if end is None:
            return f" AND {column} >= ?", [prefix]
        return f" AND {column} >= ? AND {column} < ?", [prefix, end]
    return f" AND {column} {condition.operator} ?", encoded


def _after_all_with(prefix: bytes) -> bytes | None:
    """The least bytes above everything that starts with `prefix`; None where there is none."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes((trimmed[-1] + 1,)) if trimmed else None
