"""The table in README.md has a row for each test of this folder, and each row a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent


def rows() -> list[str]:
    lines = (HERE / "README.md").read_text().splitlines()
    return [line for line in lines if line.startswith("|") and not line.startswith(("|---", "| what fails"))]


def named() -> set[str]:
    return {name for row in rows() for name in re.findall(r"`(test_\w+\.py::test_\w+)`", row)}


def written() -> set[str]:
    return {
        f"{file.name}::{node.name}"
        for file in HERE.glob("test_*.py")
        if file.name != Path(__file__).name
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_row_names_a_test() -> None:
    assert rows()
    assert [row for row in rows() if not re.search(r"`test_\w+\.py::test_\w+` \|$", row)] == []


def test_every_test_has_a_row_and_every_row_a_test() -> None:
    assert named() == written()
