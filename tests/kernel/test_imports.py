"""On Lambda every import is paid at a cold start: a function loads what it serves, and what few need loads later."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ("api", "stream", "notify", "maintenance")
NEEDED_BY_FEW = ["mcp", "mcp_types", "boto3", "jose", "cryptography", "http_ece", "tree_sitter", "pydantic"]
NEEDED_BY_FEW += ["chalicelib.onebox"]
SERVING = [
    "chalicelib.kernel.serving",
    "chalicelib.kernel.http",
    "chalicelib.kernel.mcp",
    "chalicelib.kernel.openapi",
]
SENDING = ["chalicelib.push.listeners", "chalicelib.push.sending.delivery", "chalicelib.push.notifications"]
LISTENING = ["chalicelib.wiring.stream", "chalicelib.permissions.matching"]
# What a function must not load beside what all load later.
OTHERS = {
    "api": [*SENDING, "chalicelib.wiring.stream", "chalicelib.wiring.maintenance"],
    "stream": SERVING + SENDING + ["chalicelib.wiring.api"],
    "notify": SERVING + LISTENING + ["chalicelib.wiring.api"],
    "maintenance": SERVING + SENDING + LISTENING + ["chalicelib.wiring.api"],
}


def modules_after(code: str, function: str = "") -> set[str]:
    listing = f"{code}; import sys; print(*sys.modules)"
    names = {"SECRET": "arn:secret", "TENANT_ROLE": "arn:tenant", "OVERVIEW_ROLE": "arn:overview"}
    environment = os.environ | {"HANDRAIL_FUNCTION": function} | {f"HANDRAIL_{key}": names[key] for key in names}
    command = [sys.executable, "-c", listing]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_loads_only_what_it_serves(function: str) -> None:
    loaded = modules_after("import app", function)
    assert f"chalicelib.wiring.{function}" in loaded
    assert loaded.intersection(NEEDED_BY_FEW + OTHERS[function]) == set()


def test_on_one_machine_everything_is_served_and_what_few_need_still_loads_later() -> None:
    loaded = modules_after("import app")
    assert loaded > {f"chalicelib.wiring.{function}" for function in FUNCTIONS}
    assert loaded > {"app", "chalice", "pynamodb"}
    assert loaded.intersection(NEEDED_BY_FEW) == set()


def test_what_is_loaded_would_be_seen() -> None:
    assert "mcp_types" in modules_after("import app, mcp_types")
