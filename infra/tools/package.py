"""`python -m infra.tools.package STAGE`: what is deployed, as files in `.cache/package/STAGE/`.

    sam.json                Chalice's template, merged with `infra/template/`
    deployment.zip          the program
    layer-deployment.zip    the packages it needs

Chalice takes the runtime from the interpreter that it runs in; here it is what `.chalice/config.json` says, so that
any machine makes the same files, byte for byte.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from botocore.session import Session
from chalice.app import Chalice
from chalice.awsclient import TypedAWSClient
from chalice.config import Config
from chalice.package import PackageOptions, create_app_packager

from chalicelib.kernel.errors import Json
from infra.tools import archive, stages, template
from infra.tools.command import run
from infra.tools.layer import Target, layer
from infra.tools.stages import ROOT
from infra.tools.template import Object

# Of the program, what only one machine needs.
LEFT_OUT = {"onebox", "__pycache__"}
ALIAS = "live"


class LambdaConfig(Config):
    """Chalice's, but for the runtime: it is stated, not taken from the interpreter at hand."""

    @property
    def lambda_python_version(self) -> str:
        return str(self._chain_lookup("lambda_python_version"))


def package(stage: str, folder: Path, target: Target | None = None, fragments: Sequence[Path] | None = None) -> Path:
    """Write everything for `stage` into `folder`; for `target` and of `fragments`, or else of what the stage has."""
    stages.checked(stage)
    shutil.rmtree(folder, ignore_errors=True)
    project = folder / "project"
    configuration = _stage_project(project)
    target = target or Target(configuration["lambda_python_version"], configuration["lambda_architecture"])
    merged = folder / "merge.json"
    merged.write_text(json.dumps(template.compose(fragments or template.files_of(stage)), indent=1))
    _run_chalice(stage, project, configuration, target, merged, folder)
    program = folder / "deployment.zip"
    archive.write(program, archive.files_of(program))
    shutil.copy(layer(target), folder / "layer-deployment.zip")
    shutil.rmtree(project)
    merged.unlink()
    _call_by_alias(folder / "sam.json")
    return folder


def _stage_project(project: Path) -> dict[str, str]:
    """A copy of what Lambda gets, where Chalice finds nothing else; its configuration."""
    project.mkdir(parents=True)
    shutil.copy(ROOT / "app.py", project)
    shutil.copytree(ROOT / "chalicelib", project / "chalicelib", ignore=lambda _, names: LEFT_OUT.intersection(names))
    shutil.copytree(ROOT / ".chalice", project / ".chalice", ignore=shutil.ignore_patterns("deployments", "deployed"))
    # Chalice makes a layer of what is in this folder; the one that `layer` made for the target then takes its place.
    (project / "vendor").mkdir()
    (project / "vendor" / "layer").write_text("made by infra/tools/layer.py")
    (project / "requirements.txt").write_text("")
    configuration: dict[str, str] = json.loads((ROOT / ".chalice" / "config.json").read_text())
    return configuration


def _run_chalice(
    stage: str, project: Path, configuration: dict[str, str], target: Target, merged: Path, folder: Path
) -> None:
    import app

    chosen = {
        "project_dir": str(project),
        "chalice_app": cast(Chalice, app.app),
        "lambda_python_version": target.runtime,
        "lambda_architecture": target.architecture,
    }
    session = Session()
    session.set_config_variable("region", "us-east-1")
    config = LambdaConfig(stage, user_provided_params=chosen, config_from_disk=configuration)
    packager = create_app_packager(config, PackageOptions(TypedAWSClient(session)), merge_template=str(merged))
    packager.package_app(config, str(folder), stage)


def _call_by_alias(file: Path) -> None:
    """Let API Gateway call the alias: only published versions can start from a snapshot."""
    whole = cast(Object, json.loads(file.read_text()))
    found = 0
    for integration in _integrations(whole):
        uri = integration["uri"]
        if isinstance(uri, dict) and "${APIHandler.Arn}" in str(uri.get("Fn::Sub")):
            uri["Fn::Sub"] = str(uri["Fn::Sub"]).replace("${APIHandler.Arn}", f"${{APIHandler.Arn}}:{ALIAS}")
            found += 1
    if not found:
        raise template.TemplateError("Chalice's template calls no APIHandler; infra/tools/package.py must learn why.")
    file.write_text(json.dumps(whole, indent=1, sort_keys=True))


def _integrations(value: Json) -> Iterator[Object]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "x-amazon-apigateway-integration" and isinstance(part, dict):
                yield part
            else:
                yield from _integrations(part)


def main(arguments: Sequence[str]) -> bool:
    stage = stages.checked(*arguments[:1])
    folder = package(stage, stages.output_folder(stage))
    for file in sorted(folder.iterdir()):
        print(f"{os.path.relpath(file)}  {file.stat().st_size:,} bytes")
    return True


if __name__ == "__main__":
    sys.exit(run(main))
