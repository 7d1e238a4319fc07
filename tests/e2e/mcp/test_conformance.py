"""The official conformance suite at both addresses. What fails is exactly what NOT_OFFERED.md lists, with the reason.

The suite sends no token and knows no workspaces: `front` adds both. Of the tools and resources that it expects, those
that the program's dispatcher can express are made here, so that calling and reading are judged too.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import msgspec
import pytest

from chalicelib.kernel.errors import BadRequest
from chalicelib.kernel.mcp.registry import Arguments, Registry, Resource
from chalicelib.kernel.scope import Scope
from chalicelib.onebox.program import Program
from chalicelib.wiring import api
from tests.e2e.conftest import NodeClients
from tests.support.clients import Json, Person
from tests.support.front import front

NOT_OFFERED = Path(__file__).with_name("NOT_OFFERED.md")
pytestmark = [pytest.mark.timeout(600)]
expected = Registry()


class Nothing(Arguments, kw_only=True):
    pass


class Text(msgspec.Struct):
    text: str


@expected.tool("test_simple_text", "Simple text", Text)
def simple_text(scope: Scope, arguments: Nothing) -> Text:
    """Answer with a text."""
    return Text("This is a simple text.")


@expected.tool("test_error_handling", "An error", Text)
def error_handling(scope: Scope, arguments: Nothing) -> Text:
    """Fail."""
    raise BadRequest("This tool always fails.")


expected.resources.append(
    Resource("test://static-text", "text", "A text.", lambda scope, id: Text("This is a static text."))
)


@pytest.fixture
def what_the_suite_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = api.server.registry
    monkeypatch.setattr(registry, "tools", registry.tools | expected.tools)
    monkeypatch.setattr(registry, "resources", registry.resources + expected.resources)


@pytest.mark.usefixtures("what_the_suite_expects")
@pytest.mark.parametrize(("revision", "suffix"), [("2025-11-25", ""), ("2026-07-28", "/stateless")])
def test_conforms_in_everything_that_is_offered(
    program: Program,
    url: str,
    person: Person,
    workspace_id: str,
    node_clients: NodeClients,
    tmp_path: Path,
    revision: str,
    suffix: str,
) -> None:
    secret = person.generate_token(workspace_id)["token"]["secret"]

    def complete(headers: dict[str, str], message: Json) -> None:
        headers.setdefault("authorization", f"Bearer {secret}")
        if message.get("method") == "tools/call":
            arguments = message.get("params", {}).setdefault("arguments", {})
            arguments.setdefault("workspace_id", workspace_id)

    address = f"{url}/mcp/{workspace_id}{suffix}"
    command = [*node_clients.conformance, "server", "--url", address, "--requirements", revision, "-o", str(tmp_path)]
    with front(program, complete):
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    failed, passed = outcomes(tmp_path)
    assert passed, f"nothing was checked:\n{done.stdout}\n{done.stderr}"
    listed = not_offered(revision)
    unlisted = {check: why for check, why in failed.items() if check not in listed}
    assert unlisted == {}, "the suite finds a defect, or something that NOT_OFFERED.md should list"
    assert listed - set(failed) == set(), "NOT_OFFERED.md lists what is offered by now"


def outcomes(folder: Path) -> tuple[dict[str, str], set[str]]:
    """`scenario/check` of everything that failed, with what the suite says about it, and of what passed."""
    failed: dict[str, str] = {}
    passed: set[str] = set()
    for report in folder.glob("server-*/checks.json"):
        scenario = re.sub(r"-\d{4}-\d\d-\d\dT[\d-]+Z$", "", report.parent.name.removeprefix("server-"))
        for check in json.loads(report.read_text()):
            name = f"{scenario}/{check['id']}"
            if check["status"] in ("FAILURE", "WARNING"):
                failed[name] = check.get("errorMessage", "")
            elif check["status"] == "SUCCESS":
                passed.add(name)
    return failed, passed


def not_offered(revision: str) -> set[str]:
    _, _, section = NOT_OFFERED.read_text().partition(f"\n## {revision}\n")
    section, _, _ = section.partition("\n## ")
    return set(re.findall(r"^  - `(.+)`$", section, re.MULTILINE))
