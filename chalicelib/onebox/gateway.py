"""API Gateway on one machine: an HTTP request becomes the event that AWS would send, and the Chalice
app's answer becomes the HTTP answer. Adds nothing that AWS would not, but for `X-Request-Id`.

The app runs in a pool of threads, so it must keep its current request per thread or context. What
cannot be turned into an event (unknown path, foreign host, too large, too slow) is answered here,
as `application/problem+json`.
"""

import asyncio
import base64
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from chalicelib.onebox.asgi import App, Headers, Message, Receive, Scope, Send, header, respond, respond_problem

log = logging.getLogger("handrail.gateway")
Event = dict[str, object]


class ChaliceApp(Protocol):
    @property
    def routes(self) -> Mapping[str, Mapping[str, object]]: ...

    def __call__(self, event: Any, context: Any) -> Mapping[str, Any]: ...


class Refused(Exception):
    """A request that does not become an event."""

    def __init__(self, status: int, code: str, detail: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, tuple(headers)


@dataclass(frozen=True, slots=True)
class Limits:
    url_bytes: int = 8 * 1024
    header_bytes: int = 16 * 1024
    body_bytes: Callable[[str, str], int] = lambda method, route: 4 * 1024 * 1024
    body_pause: float = 10.0
    body_total: float = 120.0


@dataclass(frozen=True, slots=True)
class Context:
    """What a Lambda function is told of its invocation."""

    aws_request_id: str
    function_name: str = "handrail"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 1024

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass(frozen=True, slots=True)
class Match:
    resource: str
    parameters: dict[str, str]
    methods: frozenset[str]


class RouteTable:
    """Finds the resource for a path as API Gateway does: a literal segment before a parameter."""

    def __init__(self, routes: Mapping[str, Mapping[str, object]]) -> None:
        self._root: dict[str, Any] = {}
        self._methods = {resource: frozenset(methods) for resource, methods in routes.items()}
        for resource in routes:
            node = self._root
            for segment in resource.strip("/").split("/"):
                node = node.setdefault("{}" if segment.startswith("{") else segment, {})
            node[None] = resource  # type: ignore[index]  # no segment can be None

    def match(self, raw_path: str) -> Match | None:
        segments = raw_path.strip("/").split("/")
        resource = self._find(self._root, segments, 0)
        if resource is None:
            return None
        names = resource.strip("/").split("/")
        parameters = {
            name[1:-1]: unquote(value) for name, value in zip(names, segments, strict=True) if name.startswith("{")
        }
        return Match(resource, parameters, self._methods[resource])

    def _find(self, node: dict[Any, Any], segments: list[str], at: int) -> str | None:
        if at == len(segments):
            found: str | None = node.get(None)
            return found
        for key in (segments[at], "{}"):
            if key in node and (key != "{}" or segments[at]):
                found = self._find(node[key], segments, at + 1)
                if found is not None:
                    return found
        return None


class Gateway:
    def __init__(
        self,
        app: ChaliceApp,
        *,
        allowed_host: Callable[[str], bool],
        limits: Limits | None = None,
        threads: int = 32,
        fallback: App | None = None,
    ) -> None:
        """`fallback` serves the paths that no route has; without one they are not found."""
        self._app = app
        self._routes = RouteTable(app.routes)
        self._binary = frozenset(getattr(getattr(app, "api", None), "binary_types", ()))
        self._allowed_host = allowed_host
        self._limits = limits or Limits()
        self._fallback = fallback
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="app")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is spoken here, not {scope['type']}")
        request_id = str(uuid4())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._serve(scope, receive, send_with_id, request_id)
        except Refused as refused:
            await respond_problem(send_with_id, refused.status, refused.code, refused.detail, refused.headers)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._check_head(scope)
        raw_path = scope["raw_path"].decode("latin-1")
        match = self._routes.match(raw_path)
        if match is None:
            if self._fallback is None:
                raise Refused(404, "not_found", f"There is nothing at {scope['path']}.")
            await self._fallback(scope, receive, send)
            return
        if scope["method"] not in match.methods:
            allow = (b"allow", ", ".join(sorted(match.methods)).encode())
            detail = f"{scope['method']} is not possible here; {allow[1].decode()} is."
            raise Refused(405, "method_not_allowed", detail, [allow])
        body = await self._read_body(scope, receive, self._limits.body_bytes(scope["method"], match.resource))
        event = self._event(scope, match, body, request_id)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._pool, self._call, event, request_id)
        await respond(send, *_http(answer))

    def _check_head(self, scope: Scope) -> None:
        host = (header(scope["headers"], b"host") or b"").decode("latin-1")
        if not self._allowed_host(host):
            raise Refused(421, "misdirected_request", "This server does not answer for that host name.")
        if len(scope["raw_path"]) + len(scope["query_string"]) > self._limits.url_bytes:
            raise Refused(414, "uri_too_long", f"A URL may have {self._limits.url_bytes} bytes.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._limits.header_bytes:
            raise Refused(431, "headers_too_large", f"Headers may have {self._limits.header_bytes} bytes.")

    async def _read_body(self, scope: Scope, receive: Receive, most: int) -> bytes:
        too_large = Refused(413, "too_large", f"A body may have {most} bytes here.")
        declared = header(scope["headers"], b"content-length")
        if declared is not None and int(declared) > most:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_total):
                while True:
                    message = await asyncio.wait_for(receive(), self._limits.body_pause)
                    if message["type"] == "http.disconnect":
                        raise Refused(400, "incomplete_body", "The body ended early.")
                    body += message.get("body", b"")
                    if len(body) > most:
                        raise too_large
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            close = (b"connection", b"close")
            raise Refused(408, "too_slow", "The body did not arrive in time.", [close]) from None

    def _call(self, event: Event, request_id: str) -> Mapping[str, Any]:
        try:
            return self._app(event, Context(request_id))
        except Exception:
            log.exception("the app failed", extra={"fields": {"request_id": request_id}})
            detail = f"Something went wrong here; it was logged as request {request_id}."
            raise Refused(500, "internal", detail) from None

    def _event(self, scope: Scope, match: Match, body: bytes, request_id: str) -> Event:
        headers = _many((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        query = _many(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        text, encoded = self._body(headers, body)
        path = scope["raw_path"].decode("latin-1")
        return {
            "resource": match.resource,
            "path": path,
            "httpMethod": scope["method"],
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": match.parameters or None,
            "stageVariables": None,
            "requestContext": _request_context(scope, match, headers, request_id),
            "body": text,
            "isBase64Encoded": encoded,
        }

    def _body(self, headers: Mapping[str, list[str]], body: bytes) -> tuple[str | None, bool]:
        kind = headers.get("content-type", [""])[-1].partition(";")[0].strip().lower()
        if not body:
            return None, False
        if kind not in self._binary:
            try:
                return body.decode(), False
            except UnicodeDecodeError:
                pass  # bytes that are no text travel as binary, as they would if the type were declared so
        return base64.b64encode(body).decode(), True


def _many(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _request_context(scope: Scope, match: Match, headers: Mapping[str, list[str]], request_id: str) -> Event:
    now = time.time()
    client = scope.get("client") or ("127.0.0.1", 0)
    return {
        "accountId": "000000000000",
        "apiId": "onebox",
        "domainName": headers.get("host", [""])[-1].partition(":")[0],
        "httpMethod": scope["method"],
        "identity": {"sourceIp": client[0], "userAgent": headers.get("user-agent", [None])[-1]},
        "path": scope["raw_path"].decode("latin-1"),
        "protocol": f"HTTP/{scope['http_version']}",
        "requestId": request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": match.resource,
        "resourcePath": match.resource,
        "stage": "api",
    }


def _http(answer: Mapping[str, Any]) -> tuple[int, Headers, bytes]:
    headers: Headers = []
    many: Mapping[str, list[object]] = answer.get("multiValueHeaders") or {}
    for name, value in (answer.get("headers") or {}).items():
        if name not in many:
            headers.append((name.lower().encode("latin-1"), str(value).encode("latin-1")))
    for name, values in many.items():
        headers.extend((name.lower().encode("latin-1"), str(value).encode("latin-1")) for value in values)
    body = answer.get("body") or ""
    raw = base64.b64decode(body) if answer.get("isBase64Encoded") else str(body).encode()
    return int(answer["statusCode"]), headers, raw
