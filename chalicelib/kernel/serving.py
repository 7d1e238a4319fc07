"""Serving the declared routes through Chalice.

Every request goes the same way: credential, scope, query and body into their types, the route's function, its answer
as JSON. A `Problem` becomes `application/problem+json`; anything else that is raised is logged, and told as a 500.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import cast
from urllib.parse import urlsplit

import msgspec
from chalice.app import Request, Response

from chalicelib.kernel import cookies, limits, outage, scope, sizes, strict_json
from chalicelib.kernel.app import App
from chalicelib.kernel.blobs import BYTES
from chalicelib.kernel.directory import Session
from chalicelib.kernel.errors import (
    BadRequest,
    Forbidden,
    Json,
    NotFound,
    NotNow,
    Problem,
    TokenInUrl,
    Unauthorized,
)
from chalicelib.kernel.http import Call, File, Reply, Route, convert, raw_body, requested_idempotency
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.logs import request_id
from chalicelib.kernel.mcp import messages, sessions
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.settings import settings

SAFE = {"GET", "HEAD"}
log = logging.getLogger("handrail.http")


def install(app: App, routes: Iterable[Route]) -> None:
    for route in routes:
        app.route(route.path, methods=[route.method], content_types=[], name=f"{route.method} {route.path}")(
            _view(app, route)
        )


def _view(app: App, route: Route) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        request = cast(Request, app.current_request)
        request_id.set(str(request.context.get("requestId", "")))
        began = time.perf_counter()
        response = _served(route, request, path)
        level = logging.DEBUG if route.method in SAFE else logging.INFO
        if log.isEnabledFor(level):
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            fields = {"route": f"{route.method} {route.path}", "status": response.status_code, "ms": milliseconds}
            log.log(level, "request", extra={"fields": fields | path})
        return response

    return view


def _served(route: Route, request: Request, path: dict[str, str]) -> Response:
    try:
        answer = _answer(route, request, path)
    except Problem as problem:
        return _refusal(route, request, problem)
    except Exception as error:
        if (unavailable := outage.as_problem(error)) is not None:
            log.warning("outage", extra={"fields": {"route": f"{route.method} {route.path}", "error": str(error)}})
            return _refusal(route, request, unavailable)
        log.exception("unexpected failure", extra={"fields": {"route": f"{route.method} {route.path}"}})
        return problem_response(
            Unexpected("Something went wrong here. Try again; if it stays, report the request id.")
        )
    return _response(answer if isinstance(answer, Reply) else Reply(route.status, answer))


def _refusal(route: Route, request: Request, problem: Problem) -> Response:
    if isinstance(problem, NotNow) and route.access == "agent" and route.method == "POST":
        return _response(messages.not_now(raw_body(request), problem))
    return problem_response(problem)


class Unexpected(Problem):
    status, code, title = 500, "internal", "Internal error"


def _answer(route: Route, request: Request, path: dict[str, str]) -> object:
    query = dict(request.query_params or {})
    if "token" in query:
        raise TokenInUrl("Send the token as 'Authorization: Bearer <token>'. A URL ends up in logs: revoke this one.")
    if route.method not in SAFE or route.access == "agent":
        _check_origin(request)
    sizes.check(route.method, route.path, raw_body(request))
    caller = _caller(route, request, path)
    if not all(is_id(value) for value in path.values()):
        raise NotFound()
    body = _body(route, request, raw_body(request))
    if isinstance(caller, Scope) and route.method == "POST":
        caller = caller.with_idempotency(requested_idempotency(request))
    call: Call[object, object] = Call(request, path, body, convert(query, route.query, strict=False), caller)
    with caller.within() if isinstance(caller, Scope) else nullcontext():
        return route.handler(call)


def _caller(route: Route, request: Request, path: dict[str, str]) -> Scope | Session | None:
    if route.access == "public":
        if route.is_charged:
            limits.charge_address(request)
        return None
    try:
        return _identified(route, request, path)
    except Unauthorized:
        limits.charge_address(request)
        raise


def _identified(route: Route, request: Request, path: dict[str, str]) -> Scope | Session:
    if route.access == "agent":
        token = bearer_of(request)
        limits.charge_token(token)
        return scope.for_token(token, path["ws"], sessions.end_mark(request.headers.get("mcp-session-id")))
    session_id, person_id = cookies.read(request.headers.get("cookie") or "")
    limits.charge_person(person_id)
    if route.access == "session":
        return scope.signed_in(session_id, person_id)
    if not is_id(path["ws"]):
        scope.signed_in(session_id, person_id)
        raise NotFound()
    return scope.for_session(session_id, person_id, path["ws"])


def bearer_of(request: Request) -> str:
    kind, _, token = (request.headers.get("authorization") or "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthorized("Send the workspace's MCP token as 'Authorization: Bearer <token>'.")
    return token.strip()


def _check_origin(request: Request) -> None:
    """What a browser sends to change something, or as an agent, must come from the dashboard's own origin."""
    origin = request.headers.get("origin")
    own = {settings().address, f"{urlsplit(settings().address).scheme}://{request.headers.get('host', '')}"}
    if origin is not None and origin not in own:
        raise Forbidden("This request came from another site, so it was not carried out.")
    if origin is None and request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise Forbidden("This request came from another site, so it was not carried out.")


def _body(route: Route, request: Request, raw: bytes) -> object:
    if route.method in SAFE or route.access == "agent":
        return raw
    media_type = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if route.body is File:
        if media_type != BYTES:
            raise BadRequest(f"Send the file's bytes as they are, with 'Content-Type: {BYTES}'.")
        return File(raw)
    if not raw:
        return convert({}, route.body)
    if media_type != "application/json":
        raise BadRequest("Send the body as JSON, with 'Content-Type: application/json'.")
    value = strict_json.parse(raw)
    match = request.headers.get("if-match")
    if match is not None and isinstance(value, dict) and "version" in route.body.__struct_fields__:
        value.setdefault("version", _version(match))
    return convert(value, route.body)


def _version(match: str) -> int:
    number = match.strip().removeprefix("W/").strip('"')
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadRequest('If-Match takes the version of the entity, for example "3".')
    return int(number)


def problem_response(problem: Problem) -> Response:
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="handrail"'
    if isinstance(problem, NotNow):
        headers["Retry-After"] = str(problem.retry_after)
    return _chalice(_encode(problem.as_json()), headers, problem.status)


def _response(reply: Reply) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} | reply.headers
    body = reply.body
    if body is None:
        return _chalice("", headers, reply.status, reply.cookies)
    if not isinstance(body, str | bytes):
        headers = {"Content-Type": "application/json"} | headers
        body = _encode(body)
    return _chalice(body, headers, reply.status, reply.cookies)


def _chalice(body: str | bytes, headers: dict[str, str], status: int, cookies: Sequence[str] = ()) -> Response:
    sent: dict[str, str | list[str]] = dict(headers)
    return Response(body, sent | {"Set-Cookie": list(cookies)} if cookies else sent, status)


def _encode(value: object | Json) -> str:
    return msgspec.json.encode(value).decode()
