"""The files that are deployed."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.tools import package as packaging
from infra.tools.layer import SERVICES, Target
from infra.tools.stages import ROOT, Refusal
from tests.infra.conftest import Packaged, expanded

AARCH64 = 183


def names(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as opened:
        return opened.namelist()


def test_the_program_is_there_without_what_only_one_machine_needs(packaged: Packaged) -> None:
    found = names(packaged.folder / "deployment.zip")
    assert {"app.py", "chalicelib/kernel/store.py", "chalicelib/aws/start.py", "chalice/app.py"} <= set(found)
    outside = [name for name in found if not name.startswith(("app.py", "chalice/", "chalicelib/"))]
    assert outside == []
    assert not [name for name in found if "onebox" in name or name.endswith(".pyc")]


def test_the_layer_has_every_package_and_no_development_tool(packaged: Packaged) -> None:
    found = names(packaged.folder / "layer-deployment.zip")
    site = "python/lib/python3.13/site-packages/"
    top = {name.removeprefix(site).split("/")[0] for name in found}
    assert top > {"pynamodb", "jose", "mcp_types", "msgspec", "tree_sitter", "http_ece", "cryptography", "botocore"}
    assert not top & {"boto3", "chalice", "mcp", "uvicorn", "pytest", "bin"}
    services = {name.split("/botocore/data/")[1].split("/")[0] for name in found if "/botocore/data/" in name}
    assert services >= SERVICES
    assert {service for service in services if "." not in service} == SERVICES


def test_nothing_in_it_tells_of_the_machine_that_made_it(packaged: Packaged) -> None:
    with zipfile.ZipFile(packaged.folder / "layer-deployment.zip") as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    assert not [name for name, content in files.items() if str(ROOT).encode() in content]
    records = [content for name, content in files.items() if name.endswith("/RECORD")]
    assert len(records) > 10
    assert not [content for content in records if b"../../bin/" in content]


def test_what_is_compiled_is_for_arm(packaged: Packaged) -> None:
    with zipfile.ZipFile(packaged.folder / "layer-deployment.zip") as opened:
        compiled = [name for name in opened.namelist() if name.endswith(".so")]
        machines = {name: struct.unpack_from("<H", opened.read(name)[:20], 18)[0] for name in compiled}
    assert len(machines) >= 5
    assert set(machines.values()) == {AARCH64}
    assert not [name for name in compiled if "cpython-3" in name and "cpython-313" not in name]


def test_all_of_it_is_well_below_what_lambda_takes(packaged: Packaged) -> None:
    sizes = []
    for name in ("deployment.zip", "layer-deployment.zip"):
        with zipfile.ZipFile(packaged.folder / name) as opened:
            sizes.append(sum(entry.file_size for entry in opened.infolist()))
    assert sum(sizes) < 60 * 1024**2
    assert (packaged.folder / "layer-deployment.zip").stat().st_size < 20 * 1024**2


def test_packaged_again_it_is_the_same(both: dict[str, Packaged], tmp_path: Path) -> None:
    again = packaging.package("dev", tmp_path / "again")
    for name in ("sam.json", "deployment.zip", "layer-deployment.zip"):
        assert (again / name).read_bytes() == (both["dev"].folder / name).read_bytes()


def test_it_can_be_made_for_this_machine(tmp_path: Path) -> None:
    here = Target.of_this_machine()
    made = packaging.package("dev", tmp_path / "here", here)
    assert f'"Runtime": "{here.runtime}"' in (made / "sam.json").read_text()
    assert f"python/lib/{here.runtime}/site-packages/msgspec/__init__.py" in names(made / "layer-deployment.zip")


@pytest.mark.parametrize("stage", ["", "production", "../dev"])
def test_another_stage_is_refused_in_one_line(stage: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="There is no stage"):
        packaging.package(stage, tmp_path)
    command = [sys.executable, "-m", "infra.tools.package", stage]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def versions(template: dict[str, Any]) -> set[str]:
    return {name for name, found in template["Resources"].items() if found["Type"] == "AWS::Lambda::Version"}


def test_every_other_package_publishes_other_versions_of_all_functions(
    both: dict[str, Packaged], tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(both["dev"].template).replace("deployment.zip", "other.zip"))
    before, after = versions(both["dev"].expanded), versions(expanded(other))
    assert len(before) == len(after) == 4
    assert not before & after
