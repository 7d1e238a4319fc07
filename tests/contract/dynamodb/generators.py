"""Hypothesis strategies: a small table with a local and a global index, and calls about few keys.

Few keys and few attributes, so that the calls meet: conditions fail and hold, indexes gain and lose items.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hypothesis import strategies as st

KeyType: TypeAlias = Literal["S", "N", "B"]
Value: TypeAlias = dict[str, object]

KEY_VALUES: Mapping[str, list[object]] = {
    "S": ["a", "b", "B", "aa", "é", "ﬀ", "😀"],
    "N": ["0", "1", "-1", "10", "9", "-1.5", "-1.55", "1.5", "0.001", "12345678901234567890.5"],
    "B": [b"\x00", b"\x01", b"\xff", b"\xff\xff", b"a", b"ab"],
}


@dataclass(frozen=True)
class Shape:
    """The types of the keys: p and r of the table, l (`local`) of the local, g and h of the global index."""

    p: KeyType
    r: KeyType
    local: KeyType
    g: KeyType
    h: KeyType

    def kinds(self) -> dict[str, KeyType]:
        return {"p": self.p, "r": self.r, "l": self.local, "g": self.g, "h": self.h}

    def definition(self, name: str) -> dict[str, object]:
        return {
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in self.kinds().items()],
            "KeySchema": _schema("p", "r"),
            "BillingMode": "PAY_PER_REQUEST",
            "LocalSecondaryIndexes": [
                {"IndexName": "local", "KeySchema": _schema("p", "l"), "Projection": {"ProjectionType": "ALL"}}
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "global",
                    "KeySchema": _schema("g", "h"),
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["s"]},
                }
            ],
        }


def _schema(first: str, second: str) -> list[dict[str, str]]:
    return [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]


shapes = st.builds(Shape, *[st.sampled_from(["S", "N", "B"])] * 5)


def key_value(kind: KeyType, few: int = 10) -> st.SearchStrategy[Value]:
    return st.sampled_from([{kind: value} for value in KEY_VALUES[kind][:few]])


def keys(shape: Shape) -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries({"p": key_value(shape.p, 2), "r": key_value(shape.r, 5)})


_SCALARS: list[tuple[str, object]] = [
    *(("S", text) for text in ("", "a", "ab", "é")),
    *(("N", number) for number in ("0", "1", "2.5", "-3", "100")),
    ("BOOL", True),
    ("BOOL", False),
    ("NULL", True),
    ("B", b"\x00a"),
]
scalars: st.SearchStrategy[Value] = st.sampled_from(_SCALARS).map(lambda pair: dict([pair]))


def _wrapped(tag: str, contents: st.SearchStrategy[object]) -> st.SearchStrategy[Value]:
    return contents.map(lambda content: {tag: content})


values_of: dict[str, st.SearchStrategy[Value]] = {
    "s": _wrapped("S", st.sampled_from(["a", "ab", "b"])),
    "n": _wrapped("N", st.sampled_from(["0", "1", "2.5", "-3", "100"])),
    "flag": scalars,
    "m": _wrapped("M", st.dictionaries(st.sampled_from(["x", "y"]), scalars, max_size=2)),
    "li": _wrapped("L", st.lists(scalars, max_size=3)),
    "ss": _wrapped("SS", st.sets(st.sampled_from("abc"), min_size=1).map(sorted)),
    "ns": _wrapped("NS", st.sets(st.sampled_from(["1", "2", "10"]), min_size=1).map(sorted)),
}


def items(shape: Shape) -> st.SearchStrategy[dict[str, Value]]:
    indexed = {"l": key_value(shape.local), "g": key_value(shape.g, 2), "h": key_value(shape.h)}
    return st.fixed_dictionaries(
        {"p": key_value(shape.p, 2), "r": key_value(shape.r, 5)}, optional={**values_of, **indexed}
    )
