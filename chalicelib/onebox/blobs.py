"""Attachments as files: `<folder>/<workspace>/<id>`. A file is complete and durable before its name exists."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from chalicelib.kernel.ids import is_id

AT_ONCE = 1_000


class FolderBlobs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, workspace_id: str, id: str, content: bytes) -> None:
        place = self._place(workspace_id, id)
        if not place.parent.exists():
            place.parent.mkdir(exist_ok=True)
            self._sync(self._folder)
        half = place.with_suffix(".part")
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.rename(place)
        self._sync(place.parent)

    def get(self, workspace_id: str, id: str) -> bytes | None:
        try:
            return self._place(workspace_id, id).read_bytes()
        except FileNotFoundError:
            return None

    def size(self, workspace_id: str, id: str) -> int | None:
        try:
            return self._place(workspace_id, id).stat().st_size
        except FileNotFoundError:
            return None

    def upload_address(self, workspace_id: str, id: str, size: int) -> None:
        return None

    def download_address(self, workspace_id: str, id: str, filename: str) -> None:
        return None

    def delete(self, workspace_id: str, id: str) -> None:
        self._place(workspace_id, id).unlink(missing_ok=True)

    def delete_some(self, workspace_id: str) -> int:
        folder = self._place(workspace_id, workspace_id).parent
        # Two purges may meet here: the folder is gone for whoever comes second.
        with suppress(FileNotFoundError):
            files = list(islice(folder.iterdir(), AT_ONCE))
            for file in files:
                file.unlink(missing_ok=True)
            if not files:
                folder.rmdir()
            return len(files)
        return 0

    def _place(self, workspace_id: str, id: str) -> Path:
        if not is_id(workspace_id) or not is_id(id):
            raise ValueError("a blob is named by ids made here")
        return self._folder / workspace_id / id

    @staticmethod
    def _sync(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
