"""The `handrail` command, for a data folder or a stage on AWS: workspaces as files, and what was set aside.

    handrail export WORKSPACE FILE [--stage dev [--table RESTORED]]
    handrail import FILE --owner EMAIL [--stage dev]
    handrail retry [--stage dev]

Without a stage it works on the data folder that the settings name. What keeps it from its work is said in one line,
with exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.archive.exporting import export
from chalicelib.archive.format import RULES, ArchiveError
from chalicelib.archive.importing import bring_in
from chalicelib.kernel import blobs, directory, settings, store
from chalicelib.kernel.errors import Problem
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.settings import ConfigurationError
from chalicelib.onebox.blobs import FolderBlobs
from chalicelib.onebox.engine import Engine, EngineError, EngineLocked, install
from chalicelib.people import rules as people
from chalicelib.people.model import Person

LOCAL_OWNER = "owner@localhost"


class Refusal(Exception):
    """The command cannot be carried out; the message is one line that says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        with _opened(asked):
            COMMANDS[asked.command](asked)
    except EngineLocked as error:
        return _failed(f"{error}. Stop Handrail, and repeat this.")
    except Problem as problem:
        return _failed(problem.detail)
    except (ArchiveError, Refusal, ConfigurationError, EngineError, OSError) as error:
        return _failed(str(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("handrail", description="Takes a workspace out as a file, and brings it in.")
    commands = parser.add_subparsers(dest="command", required=True)
    out = commands.add_parser("export", help="write a workspace to a file, also while Handrail runs")
    out.add_argument("workspace", help="its id, as in its address")
    out.add_argument("file", type=Path)
    out.add_argument("--table", default="", help="another table to read, as one that was restored beside the stage's")
    into = commands.add_parser("import", help="make a new workspace of a file")
    into.add_argument("file", type=Path)
    into.add_argument("--owner", required=True, metavar="EMAIL", help=f"or {LOCAL_OWNER}")
    retry = commands.add_parser(
        "retry", help="let scheduled work that was set aside after many failures be due again"
    )
    for one in (out, into, retry):
        one.add_argument("--stage", default="", help="a deployed stage, through the AWS credentials at hand")
    return parser


def _export(asked: argparse.Namespace) -> None:
    if not is_id(asked.workspace):
        raise Refusal(f"{asked.workspace!r} is not the id of a workspace: copy it from the address of its page.")
    if asked.file.exists():
        raise Refusal(f"{asked.file} is there already: name another file.")
    manifest = export(asked.workspace, asked.file)
    counted = ", ".join(f"{one.records} {name.removesuffix('.jsonl')}" for name, one in manifest.files.items())
    print(f"{asked.file}: {manifest.workspace.name}, as of event {manifest.workspace.seq}: {counted}.")
    if manifest.missing_attachments:
        print(f"The bytes of {len(manifest.missing_attachments)} attachments are lost, so they are not in it.")


def _import(asked: argparse.Namespace) -> None:
    imported = bring_in(asked.file, _owner(asked.owner))
    workspace = imported.workspace
    print(f"{workspace.name} is the new workspace {workspace.id}: {settings.settings().address}/w/{workspace.id}")
    rules = imported.manifest.files[RULES.file].records
    if rules:
        print(f"It came with {rules} permission rules, which allow agents something without asking: look at them.")
    if imported.link is not None:
        print(f"For {asked.owner}, once: {imported.link}")


def _retry(asked: argparse.Namespace) -> None:
    print(f"{directory.put_back()} entries are due again.")


COMMANDS = {"export": _export, "import": _import, "retry": _retry}


def _owner(email: str) -> Person | str:
    """Who may sign in without a password is known here; anybody else is invited by their address."""
    return people.local_owner() if email == LOCAL_OWNER else email


@contextmanager
def _opened(asked: argparse.Namespace) -> Iterator[None]:
    if asked.stage:
        _use_stage(asked.stage, asked.table if asked.command == "export" else "")
        yield
        return
    chosen = settings.settings()
    database = chosen.data / "handrail.db"
    if not chosen.dynamodb_endpoint and not database.exists():
        raise Refusal(f"There is no Handrail in {chosen.data}: set HANDRAIL_DATA to its folder, or give a --stage.")
    engine = None if chosen.dynamodb_endpoint else Engine.open(database, read_only=asked.command == "export")
    try:
        if engine is not None:
            install(engine.client)
        store.connect()
        blobs.keep_in(FolderBlobs(chosen.data / "attachments"))
        yield
    finally:
        if engine is not None:
            engine.close()


def _use_stage(stage: str, table: str) -> None:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.aws.blobs import S3Blobs

    try:
        session = boto3.session.Session()
        found: Any = session.client("cloudformation").describe_stacks(StackName=f"handrail-{stage}")
    except (BotoCoreError, ClientError) as error:
        raise Refusal(f"The stage {stage!r} cannot be reached: {error}") from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found["Stacks"][0].get("Outputs", [])}
    chosen = msgspec.structs.replace(
        settings.settings(),
        region=session.region_name,
        workspace_table=table or outputs["WorkspaceTable"],
        directory_table=outputs["DirectoryTable"],
        attachments_bucket=outputs["AttachmentsBucket"],
        public_url=outputs["Url"],
    )
    settings.configure(chosen)
    store.connect()
    blobs.keep_in(S3Blobs(chosen.attachments_bucket, chosen.region))


def _failed(message: str) -> int:
    print(f"handrail: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
