"""The trees of the expression language. After binding, paths have no aliases and literals are values."""

from dataclasses import dataclass
from typing import TypeAlias

from chalicelib.onebox.engine.values import AttributeValue

Step: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Path:
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return "[" + ", ".join(f"[{step}]" if isinstance(step, int) else step for step in self.steps) + "]"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`:name`, before binding."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    value: AttributeValue


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple["Operand", ...]


Operand: TypeAlias = Path | Placeholder | Literal | Call


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class Membership:
    operand: Operand
    candidates: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Both:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negated:
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Parenthesised:
    """Only between parsing and binding: `((…))` is refused as redundant."""

    condition: "Condition"


Condition: TypeAlias = Comparison | Between | Membership | Both | Either | Negated | Parenthesised | Call


@dataclass(frozen=True, slots=True)
class Sum:
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Assignment:
    path: Path
    value: Operand | Sum


@dataclass(frozen=True, slots=True)
class Removal:
    path: Path


@dataclass(frozen=True, slots=True)
class Addition:
    path: Path
    value: Operand


@dataclass(frozen=True, slots=True)
class Deletion:
    path: Path
    value: Operand


Action: TypeAlias = Assignment | Removal | Addition | Deletion


@dataclass(frozen=True, slots=True)
class Section:
    """One SET, REMOVE, ADD or DELETE part of an update expression."""

    keyword: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Update:
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    paths: tuple[Path, ...]
