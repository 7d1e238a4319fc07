"""Both stages, packaged once for a run, and what AWS makes of them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.tools.package import package
from infra.tools.stages import STAGES
from tests.support.venvs import AWS_TOOLS, programs

Json = dict[str, Any]
EXPAND = Path(__file__).with_name("expand.py")


@dataclass(frozen=True)
class Packaged:
    """A stage: the folder with its files, its template, and the same after the Serverless transform."""

    stage: str
    folder: Path
    template: Json
    expanded: Json

    def of_type(self, kind: str) -> dict[str, Json]:
        return {name: found for name, found in self.expanded["Resources"].items() if found["Type"] == kind}


def expanded(template: Path) -> Json:
    """What the Serverless transform makes of a template."""
    command = [str(programs(AWS_TOOLS) / "python"), str(EXPAND), str(template)]
    made: Json = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return made


def _packaged(stage: str, folder: Path) -> Packaged:
    package(stage, folder)
    merged = folder / "sam.json"
    after = expanded(merged)
    (folder / "expanded.json").write_text(json.dumps(after, indent=1))
    return Packaged(stage, folder, json.loads(merged.read_text()), after)


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Packaged]:
    return {stage: _packaged(stage, tmp_path_factory.mktemp("packaged") / stage) for stage in STAGES}


@pytest.fixture(params=STAGES)
def packaged(both: dict[str, Packaged], request: pytest.FixtureRequest) -> Packaged:
    return both[str(request.param)]
