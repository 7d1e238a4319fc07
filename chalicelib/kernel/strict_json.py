"""JSON from outside, read without surprises: UTF-8 only, no repeated keys, no NaN, no bottomless nesting."""

from __future__ import annotations

import json

import msgspec

from chalicelib.kernel.errors import BadRequest, Json


def parse(raw: bytes) -> Json:
    """The value in `raw`; raises `BadRequest` that says what is wrong with it."""
    try:
        msgspec.json.decode(raw)
        value: Json = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply.") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadRequest(f"The body is not valid JSON: {str(error)[:200]}") from error
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for number, key in enumerate(keys) if key in keys[:number])
        raise ValueError(f"the key {repeated[:80]!r} stands twice in one object")
    return unique


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is not a JSON number")
