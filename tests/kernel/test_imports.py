"""On Lambda every import is paid at a cold start, so what few requests need is loaded by those that need it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def modules_after(code: str) -> set[str]:
    listing = f"{code}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def loaded_by_app() -> set[str]:
    return modules_after("import app")


NEEDED_BY_FEW = "mcp mcp_types boto3 jose cryptography http_ece tree_sitter pydantic chalicelib.onebox"


@pytest.mark.parametrize("module", NEEDED_BY_FEW.split())
def test_importing_the_app_does_not_load(module: str, loaded_by_app: set[str]) -> None:
    assert module not in loaded_by_app


def test_what_is_loaded_would_be_seen(loaded_by_app: set[str]) -> None:
    assert {"app", "chalice", "pynamodb"} <= loaded_by_app
    assert "mcp_types" in modules_after("import app, mcp_types")
