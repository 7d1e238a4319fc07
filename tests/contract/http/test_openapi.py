"""The OpenAPI document is true: requests made from it, good and bad, get no answer that it does not describe.

The live streams of events are held open, so they are asked by hand, with a client that reads only their head.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from chalicelib.kernel import openapi
from chalicelib.kernel.http import Reply
from chalicelib.onebox.program import Program
from chalicelib.wiring import api
from tests.support.worlds import World, full_world

HELD: dict[str, list[tuple[str, dict[str, str]]]] = {
    "/api/workspaces/{ws}/events": [("after=-1", {}), ("after=x", {}), ("other=1", {}), ("", {"Last-Event-ID": "x"})],
    "/api/events": [("after=1", {}), ("after=x:1", {}), ("other=1", {}), (f"after={'x' * 7_000}", {})],
}
EXAMPLES = 15
_numbers = itertools.count(1)

load_all_checks()
PROMISES: list[Any] = [
    *CHECKS.get_by_names(
        [
            "not_a_server_error",
            "status_code_conformance",
            "content_type_conformance",
            "response_headers_conformance",
            "response_schema_conformance",
            "negative_data_rejection",
        ]
    )
]


def document() -> dict[str, Any]:
    """The document as it is served. How one signs in is left out: every request here is signed in already."""
    (route,) = [route for route in api.routes if route.path == openapi.PATH]
    answer = route.handler(None)  # type: ignore[arg-type]  # it looks at nothing of the call
    assert isinstance(answer, Reply)
    assert isinstance(answer.body, dict)
    for methods in answer.body["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    return answer.body


# What is longer than any URL may be is refused before anybody looks at what it says.
REFUSALS = ["400", "401", "403", "404", "409", "413", "414", "422", "431"]
configuration = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}})
schema = schemathesis.openapi.from_dict(document(), config=configuration)
OPERATIONS = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
ASKED = [operation for operation in OPERATIONS if operation.path not in HELD]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


def is_destructive(operation: Any) -> bool:
    ends = operation.path.endswith(("/archive", "/rotation", "/decision"))
    return bool(operation.method == "delete" or ends)


@pytest.fixture
def target(request: pytest.FixtureRequest, program: Program, place: World) -> World:
    """Where the requests go: what they may destroy is a workspace of their own."""
    operation = request.getfixturevalue("operation")
    return full_world(program.url, f"victim{next(_numbers)}") if is_destructive(operation) else place


def lead_somewhere(case: Case[Any], world: World) -> None:
    """Ids made from their pattern name nothing; every second request gets those of the world instead."""
    made = case.path_parameters or {}
    if made and sum(map(ord, str(made))) % 2:
        named = {"ws": world.workspace_id} | world.ids
        case.path_parameters = {name: named.get(name, value) for name, value in made.items()}


def test_the_document_is_valid() -> None:
    schema.validate()


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("operation", ASKED, ids=lambda operation: operation.label)
def test_every_answer_is_one_that_the_document_describes(
    operation: Any, mode: GenerationMode, target: World, program: Program
) -> None:
    if mode is GenerationMode.NEGATIVE and not takes_anything(operation):
        mode = GenerationMode.POSITIVE  # there is no bad request of it
    with requests.Session() as client:
        client.headers["Cookie"] = target.person.http.headers["cookie"]

        @seed(1)
        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(generation_mode=mode))
        def every_case(case: Case[Any]) -> None:
            lead_somewhere(case, target)
            answer = case.call(base_url=program.url, session=client, timeout=10)
            case.validate_response(answer, checks=PROMISES)

        every_case()


def takes_anything(operation: Any) -> bool:
    return bool(list(operation.iter_parameters()) or operation.body)


@pytest.mark.parametrize("held", HELD)
def test_the_held_streams_are_described_too(held: str, place: World) -> None:
    responses = document()["paths"][held]["get"]["responses"]
    path = held.format(ws=place.workspace_id)
    with place.person.http.stream("GET", path) as stream:
        assert [*responses["200"]["content"]] == [stream.headers["content-type"]] == ["text/event-stream"]
    for query, headers in HELD[held]:
        answer = place.person.http.get(f"{path}?{query}", headers=headers)
        assert str(answer.status_code) in responses
        assert answer.headers["content-type"] in responses[str(answer.status_code)]["content"]


def test_no_two_operations_have_one_name() -> None:
    names = [operation["operationId"] for methods in document()["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
