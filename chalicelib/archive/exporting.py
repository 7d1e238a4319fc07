"""Writing an archive: a snapshot, its files, and a manifest that says how many records there are and their sums."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import msgspec

from chalicelib.archive.format import (
    ATTACHMENTS,
    EVENTS,
    FILES,
    FORMAT,
    KINDS,
    MANIFEST,
    VERSION,
    ArchiveError,
    Contents,
    Described,
    Kind,
    Manifest,
)
from chalicelib.archive.snapshot import Snapshot
from chalicelib.kernel import clock
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.head import Head
from chalicelib.kernel.scope import Scope, for_system

ROUNDS = 20


def export(workspace_id: str, target: Path) -> Manifest:
    """Write the archive of a workspace to `target`, which is there when it is complete, and not before."""
    half = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="handrail-") as folder:
            manifest = _export(workspace_id, Path(folder), half)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
    return manifest


def _export(workspace_id: str, folder: Path, half: Path) -> Manifest:
    def fresh() -> Scope:
        scope = for_system(workspace_id)
        if scope is None:
            raise ArchiveError(f"there is no workspace {workspace_id}")
        return scope

    snapshot = Snapshot(folder)
    try:
        head, missing = _with_files(snapshot, fresh, folder)
        with ZipFile(half, "w") as archive:
            files = {kind.file: _write(archive, kind, snapshot, folder, missing) for kind in KINDS}
            for id in snapshot.files():
                if id not in missing:
                    _write_file(archive, FILES + id, (folder / id).read_bytes())
            manifest = _manifest(head, files, sorted(missing))
            archive.writestr(_entry(MANIFEST, ZIP_DEFLATED), msgspec.json.format(msgspec.json.encode(manifest)))
    finally:
        snapshot.close()
    return manifest


def _with_files(snapshot: Snapshot, fresh: Callable[[], Scope], folder: Path) -> tuple[Head, set[str]]:
    """The snapshot with the bytes of its attachments in `folder`; the ids of those that have lost theirs.

    A file that is gone is one of a task that was deleted meanwhile, unless the workspace has not moved since.
    """
    head = snapshot.take(fresh)
    missing: set[str] = set()
    for _ in range(ROUNDS):
        missing = {id for id in snapshot.files() if not _stage(head.workspace_id, id, folder)}
        now = snapshot.catch_up(fresh, head.seq)
        if now.seq == head.seq:
            return head, missing
        head = now
    raise ArchiveError("the workspace changes faster than its files can be read; try again when it is quieter")


def _stage(workspace_id: str, id: str, folder: Path) -> bool:
    place = folder / id
    if place.exists():
        return True
    content = blobs().get(workspace_id, id)
    if content is not None:
        place.write_bytes(content)
    return content is not None


def _write(archive: ZipFile, kind: Kind[Any], snapshot: Snapshot, folder: Path, missing: set[str]) -> Contents:
    digest, records = hashlib.sha256(), 0
    with archive.open(_entry(kind.file, ZIP_DEFLATED), "w", force_zip64=True) as file:
        for entity in snapshot.last_events() if kind is EVENTS else snapshot.entities(kind):
            record = kind.record(entity)
            if record is None:
                continue
            if kind is ATTACHMENTS and entity.id not in missing:
                record["sha256"] = hashlib.sha256((folder / entity.id).read_bytes()).hexdigest()
            row = msgspec.json.encode(record) + b"\n"
            file.write(row)
            digest.update(row)
            records += 1
    return Contents(records, digest.hexdigest())


def _write_file(archive: ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name, ZIP_STORED), content)


def _entry(name: str, compression: int) -> ZipInfo:
    """Entries have no time of their own, so that equal workspaces make equal entries."""
    entry = ZipInfo(name)
    entry.compress_type = compression
    return entry


def _manifest(head: Head, files: dict[str, Contents], missing: list[str]) -> Manifest:
    workspace = Described(
        head.id,
        head.name,
        head.mission,
        head.version,
        head.seq,
        head.created_at,
        head.updated_at,
        head.archived_at,
    )
    return Manifest(
        format=FORMAT,
        version=VERSION,
        exported_at=clock.now(),
        workspace=workspace,
        files=files,
        missing_attachments=missing,
    )
