"""The part of an item that a set of document paths selects.

Selected list elements keep their order and close ranks; what a path does not find is left out.
"""

from collections.abc import Iterable
from typing import TypeAlias

from chalicelib.onebox.engine.expressions.nodes import Path, Step
from chalicelib.onebox.engine.values import AttributeValue, Item

Tree: TypeAlias = dict[Step, "Tree"]


def project(item: Item, paths: Iterable[Path]) -> Item:
    wanted: Tree = {}
    for path in paths:
        place = wanted
        for step in path.steps:
            place = place.setdefault(step, {})
    return _members(item, wanted)


def _members(members: Item, wanted: Tree) -> Item:
    found = ((str(name), _selected(members.get(str(name)), below)) for name, below in wanted.items())
    return {name: value for name, value in found if value is not None}


def _selected(value: AttributeValue | None, wanted: Tree) -> AttributeValue | None:
    if value is None or not wanted:
        return value
    if "M" in value and all(isinstance(step, str) for step in wanted):
        members = _members(value["M"], wanted)
        return {"M": members} if members else None
    if "L" in value and all(isinstance(step, int) for step in wanted):
        elements = [
            _selected(value["L"][step], wanted[step])
            for step in sorted(step for step in wanted if isinstance(step, int))
            if step < len(value["L"])
        ]
        kept = [element for element in elements if element is not None]
        return {"L": kept} if kept else None
    return None
