"""Order, equality and reach into documents, on canonical attribute values."""

from collections.abc import Sequence
from decimal import Decimal

from chalicelib.onebox.engine.expressions.nodes import Step
from chalicelib.onebox.engine.values import AttributeValue, Item, type_of

ORDERED_TYPES = ("S", "N", "B")


def in_order(lesser: AttributeValue, greater: AttributeValue) -> bool:
    """Strictly less, for two values of the same ordered type; values of other types have no order."""
    tag = type_of(lesser)
    if tag != type_of(greater) or tag not in ORDERED_TYPES:
        return False
    if tag == "N":
        return Decimal(lesser["N"]) < Decimal(greater["N"])
    return bool(lesser[tag] < greater[tag])


def reach(item: Item, steps: Sequence[Step]) -> AttributeValue | None:
    """The value at a document path, or None where the path leads nowhere."""
    found = item.get(str(steps[0]))
    for step in steps[1:]:
        if found is None:
            return None
        if isinstance(step, int):
            elements = found.get("L", ())
            found = elements[step] if step < len(elements) else None
        else:
            found = found.get("M", {}).get(step)
    return found
