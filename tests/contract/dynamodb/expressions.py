"""Hypothesis strategies for expressions; names and values are gathered for the call they belong to."""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.contract.dynamodb.generators import Value, scalars, values_of

COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
ORDERED: list[Value] = [{"S": "a"}, {"S": "ab"}, {"N": "1"}, {"N": "2.5"}, {"N": "-3"}, {"B": b"\x00a"}]
RANGES: list[tuple[Value, Value]] = [
    ({"N": "0"}, {"N": "2"}),
    ({"S": "a"}, {"S": "ab"}),
    ({"B": b"\x00"}, {"B": b"a"}),
]


class Gathered:
    """The placeholders of one call."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._names: dict[str, str] = {}
        self._values: dict[str, Value] = {}

    def name(self, name: str) -> str:
        if self._draw(st.booleans()):
            return name
        self._names[f"#{name}"] = name
        return f"#{name}"

    def value(self, value: Value) -> str:
        for placeholder, known in self._values.items():
            if known == value:
                return placeholder
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = value
        return placeholder

    def parameters(self) -> dict[str, object]:
        found: dict[str, object] = {}
        if self._names:
            found["ExpressionAttributeNames"] = self._names
        if self._values:
            found["ExpressionAttributeValues"] = self._values
        return found


def condition(draw: st.DrawFn, gathered: Gathered, depth: int = 2) -> str:
    kind = draw(st.sampled_from(["leaf", "leaf", "and", "or", "not"])) if depth else "leaf"
    if kind == "leaf":
        return _leaf(draw, gathered)
    if kind == "not":
        return f"NOT ({condition(draw, gathered, depth - 1)})"
    left, right = condition(draw, gathered, depth - 1), condition(draw, gathered, depth - 1)
    return f"({left}) {kind.upper()} ({right})"


def path(draw: st.DrawFn, gathered: Gathered) -> str:
    name = draw(st.sampled_from([*values_of, "l", "m.x", "li[0]", "li[1]"]))
    if "." in name:
        return f"{gathered.name('m')}.{gathered.name('x')}"
    if "[" in name:
        return gathered.name("li") + name[2:]
    return gathered.name(name)


def _leaf(draw: st.DrawFn, gathered: Gathered) -> str:
    place = path(draw, gathered)
    form = draw(st.sampled_from(["exists", "missing", "type", "compare", "between", "in", "begins", "has", "size"]))
    match form:
        case "exists":
            return f"attribute_exists({place})"
        case "missing":
            return f"attribute_not_exists({place})"
        case "type":
            kind = draw(st.sampled_from(["S", "N", "M", "L", "SS", "BOOL", "NULL", "B"]))
            return f"attribute_type({place}, {gathered.value({'S': kind})})"
        case "compare":
            return _comparison(draw, gathered, place)
        case "between":
            low, high = draw(st.sampled_from(RANGES))
            return f"{place} BETWEEN {gathered.value(low)} AND {gathered.value(high)}"
        case "in":
            candidates = draw(st.lists(scalars, min_size=1, max_size=3))
            return f"{place} IN ({', '.join(map(gathered.value, candidates))})"
        case "begins":
            return f"begins_with({place}, {gathered.value({'S': draw(st.sampled_from(['', 'a', 'ab']))})})"
        case "has":
            return f"contains({place}, {gathered.value(draw(scalars))})"
        case _:
            wanted = gathered.value({"N": draw(st.sampled_from("012"))})
            return f"size({place}) {draw(st.sampled_from(COMPARATORS))} {wanted}"


def _comparison(draw: st.DrawFn, gathered: Gathered, place: str) -> str:
    operator = draw(st.sampled_from(COMPARATORS))
    documents = st.one_of(scalars, values_of["m"], values_of["li"], values_of["ss"])
    value = draw(documents if operator in ("=", "<>") else st.sampled_from(ORDERED))
    return f"{place} {operator} {gathered.value(value)}"


def update(draw: st.DrawFn, gathered: Gathered) -> str:
    """Every attribute is touched at most once, so that paths do not overlap."""
    names = draw(st.lists(st.sampled_from([*values_of, "l", "g"]), unique=True, min_size=1, max_size=4))
    sections: dict[str, list[str]] = {}
    for name in names:
        keyword, action = _action(draw, gathered, name)
        sections.setdefault(keyword, []).append(action)
    return " ".join(f"{keyword} {', '.join(actions)}" for keyword, actions in sections.items())


def _action(draw: st.DrawFn, gathered: Gathered, name: str) -> tuple[str, str]:
    place = gathered.name(name)
    form = draw(st.sampled_from(FORMS.get(name, PLAIN_FORMS)))
    keyword, text = form.split(" ", 1)
    wanted: dict[str, Callable[[], str]] = {
        "{value}": lambda: gathered.value(draw(values_of[name])),
        "{one}": lambda: gathered.value({"N": "1"}),
        "{x}": lambda: gathered.name("x"),
    }
    for mark, make in wanted.items():
        if mark in text:
            text = text.replace(mark, make())
    return keyword, text.replace("{place}", place)


PLAIN_FORMS = ("SET {place} = {value}", "SET {place} = if_not_exists({place}, {value})", "REMOVE {place}")
FORMS = {
    "l": ("REMOVE {place}",),
    "g": ("REMOVE {place}",),
    "n": (
        *PLAIN_FORMS,
        "SET {place} = if_not_exists({place}, {value}) + {one}",
        "SET {place} = {place} - {one}",
        "ADD {place} {value}",
    ),
    "li": (
        *PLAIN_FORMS,
        "SET {place} = list_append({place}, {value})",
        "SET {place} = list_append({value}, if_not_exists({place}, {value}))",
        "SET {place}[1] = {value}",
        "REMOVE {place}[1]",
    ),
    "m": (*PLAIN_FORMS, "SET {place}.{x} = {value}", "REMOVE {place}.x"),
    "ss": (*PLAIN_FORMS, "ADD {place} {value}", "DELETE {place} {value}"),
    "ns": (*PLAIN_FORMS, "ADD {place} {value}", "DELETE {place} {value}"),
}
