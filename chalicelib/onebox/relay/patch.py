"""JSON Patch (RFC 6902) on a parsed document: the operations `body-patch` may carry."""

import copy
from collections.abc import Mapping, Sequence

Json = object


class PatchError(ValueError):
    """The patch does not fit the document."""


def apply(document: Json, operations: Sequence[Mapping[str, object]]) -> Json:
    root: dict[str, Json] = {"": copy.deepcopy(document)}
    for operation in operations:
        _apply_one(root, operation)
    return root[""]


def _apply_one(root: dict[str, Json], operation: Mapping[str, object]) -> None:
    path = _pointer(operation.get("path"))
    match operation.get("op"):
        case "add":
            _put(root, path, operation.get("value"), insert=True)
        case "replace":
            _get(root, path)
            _put(root, path, operation.get("value"), insert=False)
        case "remove":
            _take(root, path)
        case "move":
            _put(root, path, _take(root, _pointer(operation.get("from"))), insert=True)
        case "copy":
            _put(root, path, copy.deepcopy(_get(root, _pointer(operation.get("from")))), insert=True)
        case "test":
            if _get(root, path) != operation.get("value"):
                raise PatchError(f"test failed at {operation.get('path')}")
        case other:
            raise PatchError(f"unknown operation {other!r}")


def _pointer(text: object) -> list[str]:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise PatchError(f"not a JSON pointer: {text!r}")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")]


def _step(parent: Json, key: str) -> Json:
    match parent:
        case dict() if key in parent:
            return parent[key]
        case list() if key.isdecimal() and int(key) < len(parent):
            return parent[int(key)]
    raise PatchError(f"nothing at {key!r}")


def _get(root: dict[str, Json], path: list[str]) -> Json:
    found: Json = root
    for key in path:
        found = _step(found, key)
    return found


def _put(root: dict[str, Json], path: list[str], value: Json, *, insert: bool) -> None:
    parent, key = _get(root, path[:-1]), path[-1]
    match parent:
        case dict():
            parent[key] = value
        case list() if key == "-":
            parent.append(value)
        case list() if insert and key.isdecimal() and int(key) <= len(parent):
            parent.insert(int(key), value)
        case list() if not insert and key.isdecimal():
            parent[int(key)] = value
        case _:
            raise PatchError(f"cannot put at {key!r}")


def _take(root: dict[str, Json], path: list[str]) -> Json:
    parent, key = _get(root, path[:-1]), path[-1]
    value = _step(parent, key)
    match parent:
        case dict():
            del parent[key]
        case list():
            del parent[int(key)]
    return value
