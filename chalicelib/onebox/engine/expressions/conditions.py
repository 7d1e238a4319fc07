"""The truth of a bound condition about an item (`{}` where there is no item).

A missing operand makes every comparison false except `<>`, which is then true.
"""

from collections.abc import Callable

from chalicelib.onebox.engine.expressions import nodes
from chalicelib.onebox.engine.expressions.values import in_order, reach
from chalicelib.onebox.engine.values import AttributeValue, Item, type_of


def holds(node: nodes.Condition, item: Item) -> bool:
    match node:
        case nodes.Comparison(operator, left, right):
            return _COMPARISONS[operator](_value(left, item), _value(right, item))
        case nodes.Both(conditions):
            return all(holds(condition, item) for condition in conditions)
        case nodes.Either(conditions):
            return any(holds(condition, item) for condition in conditions)
        case nodes.Negated(condition):
            return not holds(condition, item)
        case nodes.Between(operand, low, high):
            value = _value(operand, item)
            return _at_most(_value(low, item), value) and _at_most(value, _value(high, item))
        case nodes.Membership(operand, candidates):
            value = _value(operand, item)
            return any(_equal(value, _value(candidate, item)) for candidate in candidates)
        case nodes.Call(function, arguments):
            return _FUNCTIONS[function](*(_value(argument, item) for argument in arguments))
        case nodes.Parenthesised():
            raise AssertionError("binding removes parentheses")


def _value(operand: nodes.Operand, item: Item) -> AttributeValue | None:
    match operand:
        case nodes.Literal(value):
            return value
        case nodes.Path(steps):
            return reach(item, steps)
        case nodes.Call(_, (argument,)):
            return _size(_value(argument, item))
        case _:
            raise AssertionError(f"not an operand of a bound condition: {operand}")


def _size(value: AttributeValue | None) -> AttributeValue | None:
    if value is None or type_of(value) in ("N", "BOOL", "NULL"):
        return None
    return {"N": str(len(next(iter(value.values()))))}


def _equal(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    return left is not None and left == right


def _less(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    return left is not None and right is not None and in_order(left, right)


def _at_most(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    return _less(left, right) or (_equal(left, right) and left is not None and type_of(left) in ("S", "N", "B"))


def _exists(value: AttributeValue | None) -> bool:
    return value is not None


def _has_type(value: AttributeValue | None, name: AttributeValue | None) -> bool:
    return value is not None and name is not None and type_of(value) == name["S"]


def _begins_with(value: AttributeValue | None, prefix: AttributeValue | None) -> bool:
    if value is None or prefix is None or type_of(value) != type_of(prefix):
        return False
    tag = type_of(value)
    return tag in ("S", "B") and value[tag].startswith(prefix[tag])


def _contains(container: AttributeValue | None, part: AttributeValue | None) -> bool:
    if container is None or part is None:
        return False
    ((tag, content),) = container.items()
    if tag == "L":
        return part in content
    if tag in ("SS", "NS", "BS"):
        return type_of(part) == tag[0] and part[tag[0]] in content
    return tag in ("S", "B") and type_of(part) == tag and part[tag] in content


_COMPARISONS: dict[str, Callable[[AttributeValue | None, AttributeValue | None], bool]] = {
    "=": _equal,
    "<>": lambda left, right: not _equal(left, right),
    "<": _less,
    ">": lambda left, right: _less(right, left),
    "<=": _at_most,
    ">=": lambda left, right: _at_most(right, left),
}

_FUNCTIONS: dict[str, Callable[..., bool]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": lambda value: value is None,
    "attribute_type": _has_type,
    "begins_with": _begins_with,
    "contains": _contains,
}
