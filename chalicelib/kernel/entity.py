"""What the tables hold, as plain typed structures.

An `Entity` is one item of the `workspace` table. Its public form is what the API, MCP and the events show;
a stored form that needs more (a claim, a route) extends the public one, and `public()` narrows it again.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, Self, TypeVar

import msgspec

from chalicelib.kernel.decoding import convert
from chalicelib.kernel.errors import Json

Text = str


class Actor(msgspec.Struct, frozen=True):
    """Who did something. `id` is a person's id or a token's; always taken from the credential."""

    kind: Literal["person", "agent", "system"]
    id: str
    name: str


SYSTEM = Actor("system", "system", "Handrail")


class Entity(msgspec.Struct, kw_only=True):
    """`version` is 0 until it is first written, and goes up by one with every change."""

    PREFIX: ClassVar[str] = ""

    workspace_id: str
    id: str
    version: int = 0

    @classmethod
    def key(cls, *path: str) -> str:
        return "#".join((cls.PREFIX, *path))

    def sort_key(self) -> str:
        return self.key(self.id)

    def state_key(self) -> str | None:
        """Its place in the `by_state` index: what it is, its state, its order there. None: not in it."""
        return None

    def waiting_key(self) -> str | None:
        """Its place in the `by_waiting` index, oldest first, while it waits for a person."""
        return None

    def expires(self) -> datetime | None:
        """When the item may be forgotten."""
        return None

    def changed(self, **values: object) -> Self:
        return msgspec.structs.replace(self, **values)


P = TypeVar("P", bound=msgspec.Struct)


def public(entity: msgspec.Struct, form: type[P]) -> P:
    """`entity` as `form`, without what only storage needs to know."""
    return convert(entity, form, from_attributes=True)


def to_json(value: object) -> Json:
    plain: Json = msgspec.to_builtins(value)
    return plain
