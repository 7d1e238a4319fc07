"""Applies a bound update expression. Every operand is read from the item as it was before the update."""

import copy

from chalicelib.onebox.engine import numerals
from chalicelib.onebox.engine.errors import Refusal, invalid
from chalicelib.onebox.engine.expressions import nodes
from chalicelib.onebox.engine.expressions.values import reach
from chalicelib.onebox.engine.values import AttributeValue, Item, sorted_set, type_of


def paths_of(update: nodes.Update) -> list[nodes.Path]:
    return [action.path for section in update.sections for action in section.actions]


def apply(update: nodes.Update, item: Item) -> Item:
    """A new item; `item` is left as it is."""
    actions = [action for section in update.sections for action in section.actions]
    values = [(action.path.steps, _outcome(action, item)) for action in actions]
    updated = dict(item)
    for name in {str(steps[0]) for steps, _ in values if len(steps) > 1}:
        if name in updated:
            updated[name] = copy.deepcopy(updated[name])
    # List elements: settle from the lowest index so that appends keep their order, remove from the highest
    # so that the indexes of the others still mean what they meant.
    for steps, value in sorted(values, key=_indexes):
        if value is not None:
            _set(updated, steps, value)
    for steps, value in sorted(values, key=_indexes, reverse=True):
        if value is None:
            _remove(updated, steps)
    return updated


def _indexes(entry: tuple[tuple[nodes.Step, ...], AttributeValue | None]) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (0, step) for step in entry[0]]


def _outcome(action: nodes.Action, item: Item) -> AttributeValue | None:
    """What shall stand at the action's path; None removes it."""
    match action:
        case nodes.Assignment(_, nodes.Sum(operator, left, right)):
            return _sum(operator, _operand(left, item), _operand(right, item))
        case nodes.Assignment(_, value):
            assert not isinstance(value, nodes.Sum)
            return _operand(value, item)
        case nodes.Removal():
            return None
        case nodes.Addition(path, nodes.Literal(value)):
            return _added(reach(item, path.steps), value)
        case nodes.Deletion(path, nodes.Literal(value)):
            return _without(reach(item, path.steps), value)
        case _:
            raise AssertionError(f"not a bound action: {action}")


def _operand(operand: nodes.Operand, item: Item) -> AttributeValue:
    match operand:
        case nodes.Literal(value):
            return value
        case nodes.Path(steps):
            found = reach(item, steps)
            if found is None:
                raise invalid("The provided expression refers to an attribute that does not exist in the item")
            return found
        case nodes.Call("if_not_exists", (nodes.Path(steps), fallback)):
            found = reach(item, steps)
            return _operand(fallback, item) if found is None else found
        case nodes.Call("list_append", (first, second)):
            return _appended(_operand(first, item), _operand(second, item))
        case _:
            raise AssertionError(f"not an operand of a bound update: {operand}")


def _appended(first: AttributeValue, second: AttributeValue) -> AttributeValue:
    if "L" not in first or "L" not in second:
        raise _wrong_type()
    return {"L": [*first["L"], *second["L"]]}


def _sum(operator: str, left: AttributeValue, right: AttributeValue) -> AttributeValue:
    if "N" not in left or "N" not in right:
        raise _wrong_type()
    combine = numerals.add if operator == "+" else numerals.subtract
    return {"N": combine(left["N"], right["N"])}


def _added(present: AttributeValue | None, value: AttributeValue) -> AttributeValue:
    if present is None:
        return value
    tag = type_of(value)
    if type_of(present) != tag:
        raise _wrong_type()
    if tag == "N":
        return {"N": numerals.add(present["N"], value["N"])}
    return {tag: sorted_set(tag, {*present[tag], *value[tag]})}


def _without(present: AttributeValue | None, value: AttributeValue) -> AttributeValue | None:
    if present is None:
        return None
    tag = type_of(value)
    if type_of(present) != tag:
        raise _wrong_type()
    remaining = set(present[tag]) - set(value[tag])
    return {tag: sorted_set(tag, remaining)} if remaining else None


def _set(item: Item, steps: tuple[nodes.Step, ...], value: AttributeValue) -> None:
    if len(steps) == 1:
        item[str(steps[0])] = value
        return
    parent = reach(item, steps[:-1])
    last = steps[-1]
    if parent is None or (isinstance(last, int) and "L" not in parent):
        raise _no_such_place()
    if isinstance(last, int):
        elements = parent["L"]
        if last < len(elements):
            elements[last] = value
        else:
            elements.append(value)
    elif "M" in parent:
        parent["M"][last] = value
    else:
        raise _no_such_place()


def _remove(item: Item, steps: tuple[nodes.Step, ...]) -> None:
    if len(steps) == 1:
        item.pop(str(steps[0]), None)
        return
    parent = reach(item, steps[:-1])
    last = steps[-1]
    if parent is None or ("L" if isinstance(last, int) else "M") not in parent:
        raise _no_such_place()
    if not isinstance(last, int):
        parent["M"].pop(last, None)
    elif last < len(parent["L"]):
        del parent["L"][last]


def _wrong_type() -> Refusal:
    return invalid("An operand in the update expression has an incorrect data type")


def _no_such_place() -> Refusal:
    return invalid("The document path provided in the update expression is invalid for update")
