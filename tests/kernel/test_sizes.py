"""How large a body may be: what one machine takes, and that what is hosted fits into what Lambda is sent."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest

from chalicelib.kernel import settings, sizes
from chalicelib.kernel.settings import KIB, MIB, Settings
from chalicelib.onebox.gateway import Gateway
from chalicelib.wiring.api import routes
from tests.support.clients import Agent, Person
from tests.support.unlimited import unlimited

FUNCTIONS = Path(__file__).resolve().parents[2] / "infra" / "template" / "functions.yaml"
ROUTES = {(route.method, route.path) for route in routes}
HOSTED = Settings(largest_api_body=4 * MIB)


def test_the_table_names_routes_that_there_are() -> None:
    assert sizes.WITH_FILES | sizes.FILES < ROUTES


def test_hosted_every_body_fits_into_what_lambda_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert f'HANDRAIL_LARGEST_API_BODY: "{HOSTED.largest_api_body}"\n' in FUNCTIONS.read_text()
    monkeypatch.setattr(settings, "_current", HOSTED)
    largest = {route: sizes.most(*route) for route in ROUTES}
    assert max(largest.values()) <= 4 * MIB
    assert {route for route, size in largest.items() if size > 512 * KIB} == {
        *sizes.WITH_FILES,
        *sizes.FILES,
        *(route for route in ROUTES if route[1].startswith("/mcp/")),
    }


def is_too_large(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_without_files_is_as_small_as_what_it_may_say(person: Person, workspace_id: str) -> None:
    padding = " " * (512 * KIB)
    headers = {"Content-Type": "application/json"}
    path = f"/api/workspaces/{workspace_id}"
    is_too_large(person.http.patch(path, content='{"name": "x"}' + padding, headers=headers))
    just = '{"name": "y"}'
    assert person.http.patch(path, content=just + padding[len(just) :], headers=headers).status_code == 200
    task = f"{path}/tasks"
    assert person.http.post(task, content='{"title": "x"}' + padding, headers=headers).status_code == 201


def test_the_app_itself_refuses_what_a_gateway_let_through(
    person: Person, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As API Gateway does, which takes 10 MB of anything."""
    small = msgspec.structs.replace(unlimited(settings.settings()), largest_json_body=100, largest_mcp_body=100)
    path, large = f"/api/workspaces/{agent.workspace_id}", {"name": "x" * 100}
    read = Gateway._read_body
    monkeypatch.setattr(
        Gateway, "_read_body", lambda self, scope, receive, most: read(self, scope, receive, 10 * MIB)
    )
    monkeypatch.setattr(settings, "_current", small)
    is_too_large(person.http.patch(path, json=large))
    is_too_large(agent.post("tools/list", {"padding": "x" * 100}))
