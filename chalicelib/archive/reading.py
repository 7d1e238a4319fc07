"""Reading an archive that anybody may have made: nothing in it is believed unchecked, nothing is unpacked.

Every entry is read as a stream and no further than it may be, so what is small on disk and endless inside is noticed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import msgspec

from chalicelib.archive.format import (
    ATTACHMENTS,
    FILES,
    FORMAT,
    KINDS,
    LARGEST_RECORD,
    MANIFEST,
    VERSION,
    ArchiveError,
    Contents,
    Kind,
    Manifest,
)
from chalicelib.kernel import strict_json
from chalicelib.kernel.decoding import convert
from chalicelib.kernel.errors import BadRequest
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.settings import KIB, MIB, settings
from chalicelib.kernel.store import E

LARGEST_MANIFEST = 256 * KIB
MOST_ENTRIES = 1_000_000
MOST_RECORDS = 5_000_000
_ENCRYPTED = 0x1


class Archive:
    def __init__(self, path: Path) -> None:
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, OSError) as error:
            raise ArchiveError(f"{path} cannot be read as an archive: {error}") from error
        try:
            self.manifest = self._read_manifest()
            self._check_entries()
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        self._zip.close()

    def entities(self, kind: Kind[E], workspace_id: str) -> Iterator[E]:
        """Its records as entities of `workspace_id`, each checked; at the end also their number and sum."""
        for number, record in enumerate(self._records(kind.file, self.manifest.files[kind.file]), 1):
            if kind.file == ATTACHMENTS.file:
                record.pop("sha256", None)
            try:
                yield kind.entity_of(record, workspace_id)
            except ArchiveError as error:
                raise ArchiveError(f"{kind.file}, record {number}: {error}") from error

    def sums(self) -> Iterator[tuple[str, object]]:
        """Of each attachment, its id and what its bytes should add up to."""
        for record in self._records(ATTACHMENTS.file, self.manifest.files[ATTACHMENTS.file]):
            yield str(record.get("id")), record.get("sha256")

    def file(self, id: str, size: int, sha256: object) -> bytes:
        """The bytes of an attachment, which are `size` and have this sum."""
        name = FILES + id
        content = b"".join(self._read(name, min(size, settings().largest_attachment)))
        if len(content) != size or hashlib.sha256(content).hexdigest() != sha256:
            raise ArchiveError(f"{name} is not what attachments.jsonl says of it")
        return content

    def _read_manifest(self) -> Manifest:
        content = b"".join(self._read(MANIFEST, LARGEST_MANIFEST))
        try:
            plain = strict_json.parse(content)
            if not isinstance(plain, dict) or plain.get("format") != FORMAT:
                raise ArchiveError("it is not an archive of a Handrail workspace")
            if plain.get("version") != VERSION:
                raise ArchiveError(
                    f"its format has version {str(plain.get('version'))[:20]}; this Handrail knows {VERSION}"
                )
            return convert(plain, Manifest)
        except (msgspec.ValidationError, BadRequest) as error:
            raise ArchiveError(f"{MANIFEST} cannot be read: {error}") from error

    def _check_entries(self) -> None:
        entries = self._zip.infolist()
        names = [entry.filename for entry in entries]
        if len(entries) > MOST_ENTRIES or len(set(names)) < len(names):
            raise ArchiveError("it has too many entries, or two of one name")
        expected = {MANIFEST, *(kind.file for kind in KINDS)}
        if set(self.manifest.files) != expected - {MANIFEST}:
            raise ArchiveError(f"{MANIFEST} names other files than an archive has")
        for entry in entries:
            name = entry.filename
            if name not in expected and not (name.startswith(FILES) and is_id(name.removeprefix(FILES))):
                raise ArchiveError(f"it holds {name[:100]!r}, which no archive does")
            if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise ArchiveError(f"{name} is encrypted, or compressed in a way that is not read here")
            if name.startswith(FILES) and entry.file_size > settings().largest_attachment:
                raise ArchiveError(f"{name} is larger than the {settings().largest_attachment // MIB} MiB of a file")
        if absent := expected - set(names):
            raise ArchiveError(f"{', '.join(sorted(absent))} is missing")
        if sum(contents.records for contents in self.manifest.files.values()) > MOST_RECORDS:
            raise ArchiveError(f"it has more than {MOST_RECORDS} records")
        if any(contents.records < 0 for contents in self.manifest.files.values()):
            raise ArchiveError(f"{MANIFEST} counts less than nothing")

    def files(self) -> set[str]:
        """The ids of the attachments whose bytes are here."""
        names = self._zip.namelist()
        return {name.removeprefix(FILES) for name in names if name.startswith(FILES)}

    def _records(self, name: str, contents: Contents) -> Iterator[dict[str, Any]]:
        digest, number = hashlib.sha256(), 0
        for row in self._rows(name, contents.records):
            digest.update(row)
            number += 1
            try:
                record = strict_json.parse(row)
            except BadRequest as error:
                raise ArchiveError(f"{name}, record {number}: {error}") from error
            if not isinstance(record, dict):
                raise ArchiveError(f"{name}, record {number} is not an object")
            yield record
        if number != contents.records or digest.hexdigest() != contents.sha256:
            raise ArchiveError(f"{name} is not what {MANIFEST} says of it: it was changed, or cut off")

    def _rows(self, name: str, most: int) -> Iterator[bytes]:
        with self._opened(name) as file:
            for number in range(most + 1):
                row = _next_row(name, file)
                if not row:
                    return
                if len(row) > LARGEST_RECORD or not row.endswith(b"\n"):
                    raise ArchiveError(f"{name}, record {number + 1} is too large, or cut off")
                if number == most:
                    raise ArchiveError(f"{name} has more records than {MANIFEST} says")
                yield row

    def _read(self, name: str, most: int) -> Iterator[bytes]:
        """At most one byte more than `most`, which is enough to see that there is more."""
        with self._opened(name) as file:
            try:
                content = file.read(most + 1)
            except (BadZipFile, zlib.error, EOFError, OSError) as error:
                raise ArchiveError(f"{name} is damaged: {error}") from error
        if len(content) > most:
            raise ArchiveError(f"{name} is larger than it may be")
        yield content

    def _opened(self, name: str) -> IO[bytes]:
        try:
            return self._zip.open(name)
        except KeyError as error:
            raise ArchiveError(f"{name} is missing") from error
        except (BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
            raise ArchiveError(f"{name} cannot be read: {error}") from error


def _next_row(name: str, file: IO[bytes]) -> bytes:
    try:
        return file.readline(LARGEST_RECORD + 1)
    except (BadZipFile, zlib.error, EOFError, OSError) as error:
        raise ArchiveError(f"{name} is damaged: {error}") from error
