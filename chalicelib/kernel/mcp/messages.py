"""JSON-RPC messages of MCP, in and out, checked against the wire types of the protocol version that is spoken."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from chalicelib.kernel import grip, strict_json
from chalicelib.kernel.errors import BadRequest, Json, NotNow
from chalicelib.kernel.http import Reply
from chalicelib.kernel.settings import KIB

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
NOT_NOW = -32029

SESSION_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
STATELESS_VERSIONS = ("2026-07-28",)
# A subscription's id travels in every link of its stream, beside what it subscribes to.
LONGEST_ID = 1024
# Of what is refused unread, no more than this is looked at for its id.
MOST_LOOKED_AT = 64 * KIB

Params = dict[str, Json]
Id = str | int


class RpcError(Exception):
    """A JSON-RPC error, with the HTTP status that goes with it."""

    def __init__(
        self, code: int, message: str, *, status: int = 200, data: Json = None, id: Id | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.data, self.id = code, message, status, data, id

    def reply(self) -> Reply:
        error: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return Reply(self.status, {"jsonrpc": "2.0", "id": self.id, "error": error})


@dataclass(frozen=True)
class Message:
    """A request (`id` is set), a notification, or a response (`method` is empty) of the client."""

    method: str
    params: Params
    id: Id | None

    @property
    def meta(self) -> Params:
        meta = self.params.get("_meta")
        return meta if isinstance(meta, dict) else {}


def parse(raw: bytes) -> Message:
    """The one message in `raw`. Batches are refused: no version that is spoken here has them."""
    try:
        value = strict_json.parse(raw)
    except BadRequest as error:
        raise RpcError(PARSE_ERROR, f"Parse error: {error.detail}", status=400) from error
    if isinstance(value, list):
        raise RpcError(
            INVALID_REQUEST,
            "Send one message per request; batches are not part of this protocol.",
            status=400,
        )
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, "The body must be one JSON-RPC 2.0 message.", status=400)
    id = value.get("id")
    if "id" in value and (isinstance(id, bool) or not isinstance(id, str | int)):
        raise RpcError(INVALID_REQUEST, "The id of a request must be a string or an integer.", status=400)
    if len(str(id).encode()) > LONGEST_ID:
        raise RpcError(INVALID_REQUEST, f"The id of a request may have {LONGEST_ID} bytes.", status=400)
    if "method" not in value and ("result" in value or "error" in value):
        return Message("", {}, None)
    method, params = value.get("method"), value.get("params", {})
    known = id if isinstance(id, str | int) else None
    if not isinstance(method, str) or not isinstance(params, dict):
        raise RpcError(
            INVALID_REQUEST, "A message needs a method, and params must be an object.", status=400, id=known
        )
    return Message(method, params, known)


def not_now(raw: bytes, problem: NotNow) -> Reply:
    """The refusal of a message for now, in words for the agent that sent it."""
    id: Id | None = None
    if len(raw) <= MOST_LOOKED_AT:
        try:
            id = parse(raw).id
        except RpcError as error:
            id = error.id
    text = f"{problem.title}. {problem.detail}"
    reply = RpcError(NOT_NOW, text, status=problem.status, data=problem.as_json(), id=id).reply()
    return Reply(reply.status, reply.body, {"Retry-After": str(problem.retry_after)})


def check_request(message: Message, version: str) -> None:
    """Check a request against the wire types of `version`; raises `RpcError`."""
    from mcp_types.methods import validate_client_request
    from pydantic import ValidationError

    try:
        validate_client_request(message.method, version, message.params)
    except KeyError as error:
        raise unknown_method(message) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RpcError(INVALID_PARAMS, f"Invalid params: {place}: {first['msg']}", id=message.id) from error


def unknown_method(message: Message) -> RpcError:
    return RpcError(METHOD_NOT_FOUND, f"Method not found: {message.method[:100]}", id=message.id)


def result(message: Message, version: str, value: Params) -> Params:
    """The response to `message`: `value`, in the shape that `version` has for it."""
    from mcp_types.methods import serialize_server_result

    shaped = serialize_server_result(message.method, version, value)
    return {"jsonrpc": "2.0", "id": message.id, "result": shaped}


def notification_frame(method: str, params: Params, seq: int | None = None) -> str:
    """A notification as a frame of a `text/event-stream`."""
    body = msgspec.json.encode({"jsonrpc": "2.0", "method": method, "params": params}).decode()
    number = f"id: {seq}\n" if seq is not None else ""
    return f"{number}event: message\ndata: {body}\n\n"


def stream(content: str, headers: grip.Headers) -> Reply:
    return Reply(
        200,
        content,
        {"Content-Type": grip.EVENT_STREAM, "Cache-Control": "no-store", "X-Accel-Buffering": "no"} | headers,
    )
