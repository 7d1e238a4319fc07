"""One client's request: passed on to the origin, and held when the origin's answer says so.

Only what is held is collected; any other answer streams through untouched but for its Grip headers.
The request's body is kept while it may have to be asked again.
"""

import logging
from dataclasses import dataclass, field

from chalicelib.onebox.asgi import (
    App,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    header,
    respond,
    respond_problem,
)
from chalicelib.onebox.relay import grip
from chalicelib.onebox.relay.channels import Channels
from chalicelib.onebox.relay.connection import EXTENSION, Connection
from chalicelib.onebox.relay.grip import GripError, Instruct, Item
from chalicelib.onebox.relay.held import HeldResponse, Initial
from chalicelib.onebox.relay.origin import grip_last
from chalicelib.onebox.relay.stream import Stream
from chalicelib.onebox.relay.surroundings import Surroundings

log = logging.getLogger("handrail.relay")


def without_grip(headers: Headers) -> Headers:
    return [pair for pair in headers if not grip.is_grip(pair[0])]


@dataclass(slots=True)
class Replay:
    """The request's body, as often as it is asked for."""

    receive: Receive
    kept: list[Message] = field(default_factory=list)

    def from_start(self) -> Receive:
        position = 0

        async def receive() -> Message:
            nonlocal position
            if position == len(self.kept):
                message = await self.receive()
                if message["type"] != "http.request":
                    return message
                self.kept.append(message)
            position += 1
            return self.kept[position - 1]

        return receive


class Reply:
    """The origin's answer: passed on while it arrives, or collected when it is to be held."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.instruct: Instruct | None = None
        self.status = 0
        self.headers: Headers = []
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            self.instruct = grip.instruct(headers)
            self.status, self.headers = message["status"], without_grip(headers)
            if self.instruct is None:
                await self._send({**message, "headers": self.headers})
        elif self.instruct is None:
            await self._send(message)
        else:
            self.body.extend(message.get("body", b""))


class Exchange:
    def __init__(
        self,
        around: Surroundings,
        responses: Channels[HeldResponse],
        held: set[HeldResponse],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._around, self._responses, self._held = around, responses, held
        self._scope = {**scope, "headers": without_grip(scope["headers"])}
        self._connection: Connection = scope["extensions"][EXTENSION]
        self._body = Replay(receive)
        self._send = send
        self._started = around.loop.time()

    async def run(self, upstream: App) -> None:
        positions: dict[str, str] | None = None
        while True:
            streams_mark, responses_mark = self._around.channels.mark, self._responses.mark
            reply = Reply(self._send)
            try:
                await upstream(self._request(positions), self._body.from_start(), reply.send)
                instruct = reply.instruct
                if instruct is None:
                    return
                self._check(instruct)
            except GripError:
                log.exception("the origin's GRIP instructions make no sense")
                await respond_problem(self._send, 502, "bad_gateway", "The answer could not be held.")
                return
            if instruct.mode != "response":
                await self._stream(reply, instruct, streams_mark)
                return
            positions = await self._hold(reply, instruct, responses_mark, positions)
            if positions is None:
                return

    def _request(self, positions: dict[str, str] | None) -> Scope:
        return {**self._scope, "headers": [*self._scope["headers"], *grip_last(positions or {})]}

    def _check(self, instruct: Instruct) -> None:
        numbered = any(channel.prev_id is not None for channel in instruct.channels)
        if instruct.mode == "stream" and numbered and instruct.link is None:
            raise GripError("a stream with prev-id needs a next link")

    async def _stream(self, reply: Reply, instruct: Instruct, since: int) -> None:
        headers = [pair for pair in reply.headers if pair[0].lower() != b"content-length"]
        if self._scope["method"] == "HEAD":
            await respond(self._send, reply.status, reply.headers, bytes(reply.body), head=True)
            return
        headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = bytes(reply.body)
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        host = header(self._scope["headers"], b"host") or b""
        stream = Stream(self._around, self._connection, host, len(body))
        self._connection.detach()
        self._connection.watch(stream)
        if not stream.ended:
            stream.begin(instruct, since)

    async def _hold(
        self, reply: Reply, instruct: Instruct, since: int, asked: dict[str, str] | None
    ) -> dict[str, str] | None:
        """Answer the client, or give the positions with which to ask the origin again."""
        initial = Initial(reply.status, reply.headers, bytes(reply.body))
        held = HeldResponse(self._around.loop, self._responses, instruct.channels)
        positions = held.positions()
        self._held.add(held)
        try:
            if held.missed(since) or (held.differs() and positions != asked):
                return positions
            self._connection.watch(held)
            remaining = self._started + instruct.timeout - self._around.loop.time()
            verdict = await held.verdict(max(remaining, 0.0))
        finally:
            self._connection.watch(None)
            self._held.discard(held)
            held.release()
        match verdict:
            case "again":
                return positions
            case "lost":
                return None
            case Item(answer=answer) if answer is not None:
                with_answer = initial.answered(answer)
                await respond(self._send, with_answer.status, with_answer.headers, with_answer.body)
            case _:
                await respond(self._send, initial.status, initial.headers, initial.body)
        return None
