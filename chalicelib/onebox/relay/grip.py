"""GRIP as data: the instruct headers of an answer, and the items of a publish.

Ids are opaque and compared for equality only. A malformed instruction or item raises `GripError`.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Headers = Iterable[tuple[bytes, bytes]]
Mode = Literal["stream", "response"]
DEFAULT_RESPONSE_TIMEOUT = 55.0
DEFAULT_KEEP_ALIVE = 55.0
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\"}


class GripError(ValueError):
    """An instruction or a published item that the relay cannot follow."""


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    prev_id: str | None


@dataclass(frozen=True, slots=True)
class Link:
    uri: str
    timeout: float | None


@dataclass(frozen=True, slots=True)
class KeepAlive:
    frame: bytes
    timeout: float


@dataclass(frozen=True, slots=True)
class Instruct:
    mode: Mode | None
    channels: tuple[Channel, ...]
    link: Link | None
    keep_alive: KeepAlive | None
    timeout: float


def chunk(content: bytes) -> bytes:
    """HTTP/1.1 chunked framing; empty content frames to nothing, as an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(content), content) if content else b""


def is_grip(name: bytes) -> bool:
    return name[:5].lower() == b"grip-"


def instruct(headers: Headers) -> Instruct | None:
    """What the answer asks of the relay, or None when it asks nothing."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        if is_grip(name):
            values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    if "grip-hold" not in values and "grip-link" not in values:
        return None
    return Instruct(
        mode=_mode(values.get("grip-hold", [])),
        channels=tuple(_channels(values.get("grip-channel", []))),
        link=_next_link(values.get("grip-link", [])),
        keep_alive=_keep_alive(values.get("grip-keep-alive", [])),
        timeout=_seconds(values.get("grip-timeout", [""])[0]) or DEFAULT_RESPONSE_TIMEOUT,
    )


def _mode(values: list[str]) -> Mode | None:
    match [value.strip() for value in values]:
        case []:
            return None
        case ["stream"]:
            return "stream"
        case ["response"]:
            return "response"
    raise GripError(f"Grip-Hold is neither stream nor response: {values}")


def _seconds(text: str) -> float | None:
    if not text:
        return None
    if not re.fullmatch(r"\s*\d{1,6}\s*", text):
        raise GripError(f"not a number of seconds: {text!r}")
    return float(text)


def _parameters(text: str) -> tuple[str, dict[str, str]]:
    head, *rest = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest if part)
    return head, {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _channels(values: list[str]) -> Iterable[Channel]:
    for text in (part for value in values for part in value.split(",")):
        name, parameters = _parameters(text)
        if not name:
            raise GripError("a Grip-Channel without a name")
        yield Channel(name, parameters.get("prev-id"))


def _next_link(values: list[str]) -> Link | None:
    for target, text in (found for value in values for found in re.findall(r"<([^>]*)>([^,]*)", value)):
        _, parameters = _parameters(text)
        if parameters.get("rel") == "next":
            return Link(target, _seconds(parameters.get("timeout", "")))
    return None


def _keep_alive(values: list[str]) -> KeepAlive | None:
    if not values:
        return None
    text, parameters = _parameters(values[0])
    match parameters.get("format", "raw"):
        case "raw":
            content = text.encode("latin-1")
        case "cstring":
            content = re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text).encode("latin-1")
        case "base64":
            content = base64.b64decode(text)
        case other:
            raise GripError(f"unknown keep-alive format: {other}")
    return KeepAlive(chunk(content), _seconds(parameters.get("timeout", "")) or DEFAULT_KEEP_ALIVE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a publish makes of a held response: fields it leaves out stay those of the initial answer."""

    code: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


Action = Literal["hint", "close"]


@dataclass(frozen=True, slots=True)
class Item:
    """One published item, its stream content framed once for all receivers."""

    channel: str
    id: str | None
    prev_id: str | None
    frame: bytes | None
    stream_action: Action | None
    answer: Answer | None
    response_action: Action | None


def item(published: Mapping[str, object]) -> Item:
    formats = published.get("formats")
    if not isinstance(formats, Mapping):
        raise GripError("an item without formats")
    stream, response = (_format(formats, name) for name in ("http-stream", "http-response"))
    stream_action, response_action = _action(stream), _action(response)
    return Item(
        channel=_text(published, "channel") or "",
        id=_text(published, "id"),
        prev_id=_text(published, "prev-id"),
        frame=chunk(_content(stream, "content") or b"") if stream is not None and not stream_action else None,
        stream_action=stream_action,
        answer=_answer(response) if response is not None and not response_action else None,
        response_action=response_action,
    )


def _format(formats: Mapping[str, object], name: str) -> Mapping[str, object] | None:
    value = formats.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise GripError(f"{name} is not an object")
    return value


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise GripError(f"{name} is not a string")
    return value


def _content(fields: Mapping[str, object], name: str) -> bytes | None:
    binary = _text(fields, f"{name}-bin")
    if binary is not None:
        return base64.b64decode(binary)
    text = _text(fields, name)
    return None if text is None else text.encode()


def _action(fields: Mapping[str, object] | None) -> Action | None:
    match None if fields is None else _text(fields, "action"):
        case None | "send":
            return None
        case "hint":
            return "hint"
        case "close":
            return "close"
        case other:
            raise GripError(f"unknown action: {other}")


def _answer(fields: Mapping[str, object]) -> Answer:
    code, headers = fields.get("code"), fields.get("headers", {})
    if "body-patch" in fields:
        raise GripError("body-patch is not implemented: publish a hint, and answer when asked again")
    if code is not None and not isinstance(code, int):
        raise GripError("code is not a number")
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    if not isinstance(pairs, Iterable):
        raise GripError("headers are neither an object nor a list of pairs")
    return Answer(
        code=code,
        headers=tuple((str(name), str(value)) for name, value in pairs),
        body=_content(fields, "body"),
    )
