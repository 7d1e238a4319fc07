"""A stand-in for the Messages API: a model whose turns are written down beforehand.

    client ── the conversation so far ──► the step that is next: after as many tool calls as were made
           ◄── stream of events ───────── its one block, a text or the use of a tool

Requests that offer none of the server's tools (a title, a warm-up) get a short text and do not count.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]
TOOLS = "mcp__handrail__"


@dataclass(frozen=True)
class Say:
    text: str


@dataclass(frozen=True)
class Use:
    tool: str
    arguments: Json


Block = Say | Use
Step = Callable[[Json], Block]


@dataclass
class MessagesApi:
    """`steps` get the JSON that the last tool answered with ({} at first); `problems` is what went wrong."""

    steps: Sequence[Step] = ()
    requests: list[Json] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def offered_tools(self) -> set[str]:
        """The server's tools that the client put before the model, in any request."""
        names = {tool["name"] for request in self.requests for tool in request.get("tools", [])}
        return {name.removeprefix(TOOLS) for name in names if name.startswith(TOOLS)}

    def answer(self, request: Json) -> Block:
        self.requests.append(request)
        if not any(tool["name"].startswith(TOOLS) for tool in request.get("tools", [])):
            return Say("There are no tools.")
        used, last = turns(request["messages"])
        try:
            return self.steps[used](last)
        except Exception as error:
            self.problems.append(f"step {used}: {error!r}, after {last}")
            return Say("This conversation was not foreseen.")


def turns(messages: list[Json]) -> tuple[int, Json]:
    """How many tools were used, and what the last one answered."""
    used, last = 0, ""
    for message in messages:
        content = message["content"] if isinstance(message["content"], list) else []
        for block in content:
            if block["type"] == "tool_use":
                used += 1
            elif block["type"] == "tool_result":
                last = text_of(block.get("content", ""))
    return used, parsed(last)


def text_of(content: str | list[Json]) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def parsed(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, dict) else {"value": value}


def events(model: str, block: Block) -> Iterator[tuple[str, Json]]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message: Json = {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    yield "message_start", {"message": message}
    if isinstance(block, Say):
        opened: Json = {"type": "text", "text": ""}
        delta: Json = {"type": "text_delta", "text": block.text}
        reason = "end_turn"
    else:
        opened = {"type": "tool_use", "id": f"toolu_{block.tool}", "name": TOOLS + block.tool, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block.arguments)}
        reason = "tool_use"
    yield "content_block_start", {"index": 0, "content_block": opened}
    yield "content_block_delta", {"index": 0, "delta": delta}
    yield "content_block_stop", {"index": 0}
    yield "message_delta", {"delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}
    yield "message_stop", {}


def whole(model: str, block: Block) -> Json:
    """The answer to a request that did not ask for a stream."""
    text = block.text if isinstance(block, Say) else ""
    message: Json = next(events(model, block))[1]["message"]
    return message | {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}


def handler_for(api: MessagesApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.partition("?")[0] != "/v1/messages":
                self._send("application/json", b'{"input_tokens": 1}')
                return
            block = api.answer(request)
            if not request.get("stream"):
                self._send("application/json", json.dumps(whole(request["model"], block)).encode())
                return
            frames = (
                f"event: {type}\ndata: {json.dumps({'type': type, **data})}\n\n"
                for type, data in events(request["model"], block)
            )
            self._send("text/event-stream", "".join(frames).encode())

        def do_GET(self) -> None:
            self._send("application/json", b"{}")

        do_HEAD = do_GET

        def _send(self, media_type: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the test's output is the test's."""

    return Handler
