"""How a feature declares HTTP routes, and what its functions are given and give back.

A feature declares `routes = Routes()` and decorates functions that take a `Call` and return the answer. The same
declaration is what `serving.py` checks requests by and what the OpenAPI document says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from chalice.app import Request

from chalicelib.kernel import decoding
from chalicelib.kernel.directory import Session
from chalicelib.kernel.errors import BadRequest, ValidationFailed
from chalicelib.kernel.pages import DEFAULT_LIMIT, LARGEST_LIMIT
from chalicelib.kernel.scope import Idempotency, Scope

B = TypeVar("B")
Q = TypeVar("Q")
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Access = Literal["public", "session", "workspace", "agent"]

LONGEST_IDEMPOTENCY_KEY = 255


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """A body or a query that has to be empty."""


class File(msgspec.Struct):
    """A body that is the bytes of a file, and no JSON."""

    content: bytes


class Listing(msgspec.Struct, forbid_unknown_fields=True):
    """What every list takes."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, msgspec.Meta(max_length=1024)] | None = None


@dataclass(frozen=True)
class Reply:
    """An answer that is not simply JSON with the route's own status. `cookies` are values of `Set-Cookie`."""

    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call(Generic[B, Q]):
    """One request, checked: `body` and `query` have the declared types, the ids in `path` the form of ids."""

    request: Request
    path: dict[str, str]
    body: B
    query: Q
    caller: Scope | Session | None

    @property
    def scope(self) -> Scope:
        assert isinstance(self.caller, Scope)
        return self.caller

    @property
    def session(self) -> Session:
        assert isinstance(self.caller, Session)
        return self.caller

    def header(self, name: str) -> str | None:
        value: str | None = self.request.headers.get(name)
        return value

    def headers(self, name: str) -> list[str]:
        """Every value of a header that may come several times."""
        sent: dict[str, list[str]] = self.request.to_original_event()["multiValueHeaders"]
        return [value for key, values in sent.items() if key.lower() == name for value in values]


@dataclass(frozen=True)
class Route:
    """`is_charged`: that a request without a credential counts for the address that it comes from."""

    method: Method
    path: str
    handler: Callable[[Call[Any, Any]], object]
    access: Access
    body: type[msgspec.Struct]
    query: type[msgspec.Struct]
    answer: type | None
    status: int
    media_type: str
    is_charged: bool = True

    @property
    def summary(self) -> str:
        return (self.handler.__doc__ or self.handler.__name__.replace("_", " ")).strip().splitlines()[0]


class Routes:
    """The routes of one feature, in the order of their declaration."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def route(
        self,
        method: Method,
        path: str,
        *,
        access: Access = "workspace",
        body: type[msgspec.Struct] = Nothing,
        query: type[msgspec.Struct] = Nothing,
        answer: type | None = None,
        status: int = 200,
        media_type: str = "application/json",
        is_charged: bool = True,
    ) -> Callable[[Callable[[Call[B, Q]], object]], Callable[[Call[B, Q]], object]]:
        def register(handler: Callable[[Call[B, Q]], object]) -> Callable[[Call[B, Q]], object]:
            route = Route(method, path, handler, access, body, query, answer, status, media_type, is_charged)
            self._routes.append(route)
            return handler

        return register


def raw_body(request: Request) -> bytes:
    raw = request.raw_body or b""
    return raw.encode() if isinstance(raw, str) else raw


def convert(value: object, kind: type[B], *, strict: bool = True) -> B:
    """`value` as `kind`; raises `ValidationFailed` that names the member at fault."""
    try:
        return decoding.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `")
        raise ValidationFailed((place.rstrip("`").removeprefix("$").removeprefix("."), message)) from error


def requested_idempotency(request: Request) -> Idempotency | None:
    """The `Idempotency-Key` of a POST, bound to what it asks for."""
    key = request.headers.get("idempotency-key")
    return idempotency(key, f"{request.method} {request.path}", raw_body(request)) if key is not None else None


def idempotency(key: str, what: str, content: bytes) -> Idempotency:
    if not 1 <= len(key) <= LONGEST_IDEMPOTENCY_KEY:
        raise BadRequest(f"An idempotency key has 1 to {LONGEST_IDEMPOTENCY_KEY} characters.")
    fingerprint = hashlib.sha256(what.encode() + b"\0" + content).hexdigest()
    return Idempotency(hashlib.sha256(key.encode()).hexdigest(), fingerprint)
