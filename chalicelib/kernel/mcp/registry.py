"""What features offer to agents. A feature declares; `app.py` hands every declaration to the one `Server`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from chalicelib.kernel.errors import Json
from chalicelib.kernel.scope import Scope


class Arguments(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Every tool that touches a workspace names it."""

    workspace_id: str


A = TypeVar("A", bound=Arguments)
R = TypeVar("R", bound=msgspec.Struct)


@dataclass(frozen=True)
class Held(Generic[R]):
    """A call that waits for a person: the answer when nobody comes, and where a hint will say that somebody did.

    `last_hint`: the id of the last hint there that `meanwhile` knows of; empty before the first.
    """

    meanwhile: R
    channel: str
    last_hint: str
    seconds: float


@dataclass(frozen=True)
class Tool:
    name: str
    title: str
    description: str
    arguments: type[Arguments]
    result: type[msgspec.Struct]
    handler: Callable[[Scope, Any], msgspec.Struct | Held[Any]]
    read_only: bool

    @cached_property
    def input_schema(self) -> dict[str, Json]:
        return schema_of(self.arguments)

    @cached_property
    def output_schema(self) -> dict[str, Json]:
        """The result's own schema, with `unread`, which any answer may carry."""
        schema = schema_of(self.result)
        properties = schema.setdefault("properties", {})
        if isinstance(properties, dict):
            properties["unread"] = {"type": "integer", "minimum": 0}
        return schema


@dataclass(frozen=True)
class Resource:
    """`template` may end in `{id}`; `read` gets the scope and that id ("" without one)."""

    template: str
    name: str
    description: str
    read: Callable[[Scope, str], msgspec.Struct]


class Frame(msgspec.Struct):
    """One notification for an agent's stream. `seq` is its SSE id."""

    seq: int
    method: str
    params: dict[str, Json]


class Inbox(Protocol):
    """What the server's stream shows: the inbox feature."""

    def frames(self, scope: Scope, after: int | None) -> list[Frame]: ...


@dataclass
class Registry:
    tools: dict[str, Tool] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)
    notifications: dict[str, Callable[[Scope, dict[str, Json]], None]] = field(default_factory=dict)

    def tool(
        self, name: str, title: str, result: type[R], *, read_only: bool = False
    ) -> Callable[[Callable[[Scope, A], R | Held[R]]], Callable[[Scope, A], R | Held[R]]]:
        """Declare a tool. Its docstring is its description; its argument type is what it takes."""

        def register(handler: Callable[[Scope, A], R | Held[R]]) -> Callable[[Scope, A], R | Held[R]]:
            from typing import get_type_hints

            arguments = next(kind for name, kind in get_type_hints(handler).items() if name == "arguments")
            description = " ".join((handler.__doc__ or "").split())
            self.tools[name] = Tool(name, title, description, arguments, result, handler, read_only)
            return handler

        return register

    def notification(
        self, method: str
    ) -> Callable[[Callable[[Scope, dict[str, Json]], None]], Callable[[Scope, dict[str, Json]], None]]:
        """Declare a notification from agents that is understood."""

        def register(
            handler: Callable[[Scope, dict[str, Json]], None],
        ) -> Callable[[Scope, dict[str, Json]], None]:
            self.notifications[method] = handler
            return handler

        return register

    def add(self, other: Registry) -> None:
        self.tools |= other.tools
        self.resources += other.resources
        self.notifications |= other.notifications


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Json]:
    """The JSON Schema of `kind`, as one object at the top."""
    (reference,), definitions = msgspec.json.schema_components(
        [kind], schema_hook=_any_json, ref_template="#/$defs/{name}"
    )
    name = str(reference["$ref"]).rpartition("/")[2]
    schema: dict[str, Json] = dict(definitions.pop(name))
    schema.pop("title", None)
    if definitions:
        schema["$defs"] = definitions
    return schema


def _any_json(kind: type) -> dict[str, Json]:
    """The schema of a nested `Json`, which msgspec sees as `object`; an empty one is not accepted."""
    if kind is not object:
        raise NotImplementedError(kind)
    return {"type": ["object", "array", "string", "number", "boolean", "null"]}
