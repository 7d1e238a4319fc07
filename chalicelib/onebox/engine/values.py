"""Attribute values in DynamoDB's wire form (`{"S": "x"}`), made canonical once at the door.

Inside the engine equal values are equal dicts: numbers have their canonical text, sets are sorted and
binary is `bytes`. Every value that reaches storage or a comparison has passed `checked`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from chalicelib.onebox.engine import numerals
from chalicelib.onebox.engine.errors import invalid, invalid_parameters, unreadable

# One tag to its content, `{"S": str}` to `{"M": Item}`; typed loosely because the tag decides the type.
AttributeValue: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, AttributeValue]

MAX_ITEM_BYTES = 400 * 1024
MAX_DEPTH = 32

TYPE_NAMES = frozenset(("S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M"))


def checked_item(given: object) -> Item:
    if not isinstance(given, Mapping):
        raise unreadable("Unexpected value type in payload: an item is a map of attribute values")
    return {_name(name): checked(value) for name, value in given.items()}


def checked(given: object, depth: int = 1) -> AttributeValue:
    """The canonical copy of a wire value, or DynamoDB's refusal."""
    if not isinstance(given, Mapping):
        raise unreadable("Unexpected value type in payload: an attribute value is a map")
    if len(given) != 1:
        raise invalid(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
            "supported datatypes"
            if given
            else "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
        )
    ((tag, content),) = given.items()
    if tag == "S":
        return {"S": _text(content)}
    if tag == "N":
        return {"N": numerals.canonical(_text(content))}
    if tag in ("M", "L"):
        if depth > MAX_DEPTH:
            raise invalid("Nesting Levels have exceeded supported limits")
        return _document(tag, content, depth)
    check = _CHECKS.get(tag)
    if check is None:
        raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    return {tag: check(content)}


def type_of(value: AttributeValue) -> str:
    return next(iter(value))


def size_of_item(item: Item) -> int:
    """DynamoDB's accounting: names and values in UTF-8, three bytes and one an element for documents."""
    return sum(len(name.encode()) + size_of(value) for name, value in item.items())


def size_of(value: AttributeValue) -> int:
    ((tag, content),) = value.items()
    if tag == "S":
        return len(content) if content.isascii() else len(content.encode())
    if tag == "N":
        return _number_size(content)
    if tag == "M":
        return 3 + len(content) + size_of_item(content)
    if tag == "L":
        return 3 + len(content) + sum(map(size_of, content))
    if tag == "B":
        return len(content)
    if tag in ("BOOL", "NULL"):
        return 1
    return sum(size_of({tag[0]: element}) for element in content)


def _number_size(text: str) -> int:
    if len(text) <= 8:  # the common case, without Decimal; trailing zeros are rare enough not to matter
        return (len(text) + 1) // 2 + 1
    return (numerals.significant_digits(text) + 1) // 2 + 1 + text.startswith("-")


def sorted_set(tag: str, elements: set[Any]) -> list[Any]:
    return sorted(elements, key=Decimal) if tag == "NS" else sorted(elements)


def _name(name: object) -> str:
    text = _text(name)
    if len(text) > 65535:
        raise invalid_parameters("Attribute name is too large, must be less than 64Kb")
    return text


def _text(content: object) -> str:
    if not isinstance(content, str):
        raise unreadable(f"{type(content).__name__} value cannot be converted to String")
    if not content.isascii():
        try:
            content.encode()
        except UnicodeEncodeError as problem:
            raise unreadable("Text is not valid Unicode") from problem
    return content


def _binary(content: object) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, bytearray | memoryview):
        return bytes(content)
    if isinstance(content, str):  # as botocore: text given for a blob is its UTF-8
        return _text(content).encode()
    raise unreadable(f"{type(content).__name__} value cannot be converted to Binary")


def _boolean(content: object) -> bool:
    if not isinstance(content, bool):
        raise unreadable(f"{type(content).__name__} value cannot be converted to Boolean")
    return content


def _null(content: object) -> bool:
    if content is not True:
        raise invalid_parameters("Null attribute value types must have the value of true")
    return True


def _elements(content: object) -> list[object]:
    if isinstance(content, Mapping | str | bytes) or not hasattr(content, "__iter__"):
        raise unreadable("Unexpected value type in payload: a list is expected")
    return list(content)


def _set_of(tag: str, element: Callable[[object], Any], empty: str) -> Callable[[object], list[Any]]:
    def check(content: object) -> list[Any]:
        elements = [element(each) for each in _elements(content)]
        if not elements:
            raise invalid_parameters(f"An {empty} set  may not be empty")
        unique = set(elements)
        if len(unique) != len(elements):
            shown = "[" + ", ".join(map(str, elements)) + "]"
            raise invalid_parameters(f"Input collection {shown} contains duplicates.")
        return sorted_set(tag, unique)

    return check


def _document(tag: str, content: object, depth: int) -> AttributeValue:
    if tag == "L":
        return {"L": [checked(each, depth + 1) for each in _elements(content)]}
    if not isinstance(content, Mapping):
        raise unreadable("Unexpected value type in payload: a map is expected")
    return {"M": {_name(name): checked(value, depth + 1) for name, value in content.items()}}


_CHECKS: dict[str, Callable[[object], Any]] = {
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "SS": _set_of("SS", _text, "string"),
    "NS": _set_of("NS", lambda text: numerals.canonical(_text(text)), "number"),
    "BS": _set_of("BS", _binary, "binary"),
}
