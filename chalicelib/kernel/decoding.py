"""Typed values from JSON and from plain ones: `msgspec`, safe for the first use of a type by several threads at once.

msgspec (0.22) works out what a struct is made of when the struct is first decoded. Another thread that decodes the
same struct meanwhile uses what is not finished, and the process dies. Here one thread finishes it and others wait, so
all of `chalicelib` decodes through this module (`tests/kernel/test_decoding.py`). Errors are msgspec's own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")
Hook = Callable[[type, Any], Any] | None

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_preparing = threading.Lock()


def decode(text: bytes | str, kind: type[T]) -> T:
    """The JSON `text` as `kind`; raises `msgspec.DecodeError`, or `msgspec.ValidationError` for another type."""
    value: T = _decoder(kind).decode(text)
    return value


@overload
def convert(
    value: object, kind: type[T], *, strict: bool = True, from_attributes: bool = False, dec_hook: Hook = None
) -> T: ...
@overload
def convert(
    value: object, kind: Any, *, strict: bool = True, from_attributes: bool = False, dec_hook: Hook = None
) -> Any: ...
def convert(
    value: object, kind: Any, *, strict: bool = True, from_attributes: bool = False, dec_hook: Hook = None
) -> Any:
    """`value` as `kind`, as `msgspec.convert` does it; raises `msgspec.ValidationError`."""
    _decoder(kind)
    return msgspec.convert(value, kind, strict=strict, from_attributes=from_attributes, dec_hook=dec_hook)


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    known = _decoders.get(kind)
    if known is not None:
        return known
    with _preparing:
        return _decoders.setdefault(kind, msgspec.json.Decoder(kind))
