"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

from chalicelib.kernel.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_every_setting_it_names_exists() -> None:
    named = set(re.findall(r"HANDRAIL_([A-Z_]+)\b", README))
    assert named
    assert {name.lower() for name in named} <= set(Settings.__struct_fields__)


def test_every_command_it_names_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z-]+)", README))
    assert {"run", "test"} <= named <= targets


def test_every_place_it_names_exists() -> None:
    places = re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(r"^\| `([^`]+)`", README, re.MULTILINE)
    assert len(places) > 5
    assert [place for place in places if not (ROOT / place).exists()] == []
