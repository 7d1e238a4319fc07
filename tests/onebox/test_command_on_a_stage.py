"""`handrail --stage`: it works on what the stack says that it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.aws.blobs import S3Blobs
from chalicelib.kernel import blobs, settings, store
from chalicelib.onebox import command
from chalicelib.onebox.program import Program

OUTPUTS = {
    "WorkspaceTable": "ws-1",
    "DirectoryTable": "dir-1",
    "AttachmentsBucket": "files-1",
    "Url": "https://h.test",
}


class Session:
    region_name = "eu-central-1"

    def client(self, service: str) -> Session:
        assert service == "cloudformation"
        return self

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        assert StackName == "handrail-prod"
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]}]}


@pytest.fixture(autouse=True)
def kept(program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before, where = settings.settings(), blobs.blobs()
    monkeypatch.setattr(boto3.session, "Session", Session)
    yield
    settings.configure(before)
    blobs.keep_in(where)
    store.connect()


@pytest.mark.parametrize(("more", "table"), [((), "ws-1"), (("--table", "restored"), "restored")])
def test_the_stack_names_tables_bucket_and_address(
    more: tuple[str, ...], table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[tuple[str, ...]] = []

    def remembered(asked: object) -> None:
        chosen = settings.settings()
        meta = store.WorkspaceItem.Meta, store.DirectoryItem.Meta
        used.append((*(one.table_name for one in meta), chosen.region, chosen.attachments_bucket, chosen.address))
        assert isinstance(blobs.blobs(), S3Blobs)

    monkeypatch.setitem(command.COMMANDS, "export", remembered)
    assert command.main(["export", "0ZPO4WBMZIP", str(tmp_path / "a.zip"), "--stage", "prod", *more]) == 0
    assert used == [(table, "dir-1", "eu-central-1", "files-1", "https://h.test")]
