"""`GET /api/openapi.json`, made from the routes, so that it cannot say anything else than they do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from chalicelib.kernel.blobs import BYTES
from chalicelib.kernel.errors import Json
from chalicelib.kernel.http import LONGEST_IDEMPOTENCY_KEY, Call, File, Nothing, Reply, Route, Routes
from chalicelib.kernel.ids import PATTERN

PATH = "/api/openapi.json"
REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")


class ProblemDetails(msgspec.Struct, rename={"kind": "type"}):
    """RFC 9457. `code` is stable; other members depend on it."""

    kind: str
    title: str
    status: int
    detail: str
    code: str


def routes_of(described: list[Route]) -> Routes:
    routes = Routes()

    @routes.route("GET", PATH, access="public")
    def document(call: Call[Nothing, Nothing]) -> Reply:
        """This document."""
        return Reply(200, _document([*described, *routes]))

    return routes


def _document(routes: Iterable[Route]) -> dict[str, Json]:
    shown = [route for route in routes if route.access != "agent" and not route.path.startswith("/grip/")]
    kinds: list[Any] = [ProblemDetails]
    for route in shown:
        kinds += [kind for kind in (route.body, route.answer) if kind not in (None, Nothing, File)]
    kinds = list(dict.fromkeys(kinds))
    references, components = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    by_kind = dict(zip(kinds, references, strict=True))
    paths: dict[str, dict[str, Json]] = {}
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Handrail", "version": "1"},
        "paths": {path: dict(operations) for path, operations in paths.items()},
        "components": {
            "schemas": dict(components),
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "handrail_session"}},
        },
    }


def _operation(route: Route, by_kind: dict[Any, dict[str, Any]]) -> dict[str, Json]:
    operation: dict[str, Json] = {
        "operationId": f"{route.handler.__module__.split('.')[1]}.{route.handler.__name__}",
        "summary": route.summary,
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": _responses(route, by_kind),
    }
    if route.access != "public":
        operation["security"] = [{"session": []}]
    if route.body is File:
        operation["requestBody"] = {"content": {BYTES: {}}}
    elif route.body is not Nothing:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_kind[route.body]}},
        }
    if route.method == "POST" and route.access != "public":
        key: Json = {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_IDEMPOTENCY_KEY},
        }
        parameters = operation["parameters"]
        assert isinstance(parameters, list)
        parameters.append(key)
    return operation


def _path_parameters(route: Route) -> list[Json]:
    schema: Json = {"type": "string", "pattern": PATTERN}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema} for name in _PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[Json]:
    (reference,), components = msgspec.json.schema_components([route.query], ref_template="{name}")
    schema = components[str(reference["$ref"])]
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": property}
        for name, property in schema["properties"].items()
    ]


def _responses(route: Route, by_kind: dict[Any, dict[str, Any]]) -> dict[str, Json]:
    success: dict[str, Json] = {"description": "Done."}
    if route.answer is not None:
        success["content"] = {"application/json": {"schema": by_kind[route.answer]}}
    elif route.status not in (204, 303):
        schema: Json = {} if route.media_type == "application/json" else {"type": "string"}
        success["content"] = {route.media_type: {"schema": schema}}
    problem: Json = {
        "description": "A problem, with what to do about it.",
        "content": {"application/problem+json": {"schema": by_kind[ProblemDetails]}},
    }
    # A server in front answers 408, 414, 421 and 431 before the program sees anything.
    statuses = ["400", "401", "403", "404", "408", "413", "414", "421", "422", "429", "431", "503"]
    if route.method != "GET":
        statuses.append("409")
    return {str(route.status): success, **dict.fromkeys(statuses, problem)}
