"""Archives that somebody made to do harm, or that broke on their way: refused in clear words, and nothing is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from chalicelib.archive import importing, reading
from chalicelib.archive.format import LARGEST_RECORD, ArchiveError
from chalicelib.archive.importing import bring_in
from chalicelib.kernel import clock, directory, ids, store
from chalicelib.kernel.blobs import blobs
from chalicelib.kernel.scope import for_system
from chalicelib.kernel.settings import DAY
from chalicelib.people.model import Person as StoredPerson
from chalicelib.wiring import maintenance
from tests.archive.conftest import Contents, Full, changed, read, sealed, write

FOREIGN = "0ZPO4WBMZIP"
Tamper = Callable[[Contents], Contents]


def with_entry(name: str, content: bytes = b"x") -> Tamper:
    return lambda contents: contents | {name: content}


def without(name: str) -> Tamper:
    return lambda contents: {key: value for key, value in contents.items() if not key.startswith(name)}


def with_file(name: str, change: Callable[[bytes], bytes], *, seal: bool = True) -> Tamper:
    def tamper(contents: Contents) -> Contents:
        tampered = contents | {name: change(contents[name])}
        return sealed(tampered) if seal else tampered

    return tamper


def with_manifest(**values: object) -> Tamper:
    def tamper(contents: Contents) -> Contents:
        manifest = json.loads(contents["manifest.json"])
        return contents | {"manifest.json": json.dumps(manifest | values).encode()}

    return tamper


def with_workspace(**values: object) -> Tamper:
    def tamper(contents: Contents) -> Contents:
        manifest = json.loads(contents["manifest.json"])
        manifest["workspace"] |= values
        return contents | {"manifest.json": json.dumps(manifest).encode()}

    return tamper


def first_row(rows: bytes) -> bytes:
    return rows[: rows.index(b"\n") + 1]


HOSTILE: dict[str, tuple[Tamper, str]] = {
    "a path out of it": (with_entry("../../etc/cron.d/x"), "which no archive does"),
    "a path out of the attachments": (with_entry("attachments/../../x"), "which no archive does"),
    "an absolute path": (with_entry("/etc/passwd"), "which no archive does"),
    "a file more": (with_entry("attachments/0ZPO4WBMZIP"), "not among attachments.jsonl"),
    "a file less": (without("attachments/"), "must be in the archive"),
    "no tasks": (without("tasks.jsonl"), "tasks.jsonl is missing"),
    "no manifest": (without("manifest.json"), "manifest.json is missing"),
    "a broken manifest": (with_entry("manifest.json", b"{"), "cannot be read"),
    "a manifest of something else": (with_manifest(format="zip"), "not an archive of a Handrail workspace"),
    "an unknown version": (with_manifest(version=2), "this Handrail knows 1"),
    "an unknown member of the manifest": (with_manifest(owner="me"), "unknown field"),
    "files that no archive has": (with_manifest(files={}), "names other files"),
    "a changed file": (
        with_file("tasks.jsonl", lambda rows: rows.replace(b"words", b"world"), seal=False),
        "changed",
    ),
    "a record less": (with_file("tasks.jsonl", lambda rows: rows[rows.index(b"\n") + 1 :], seal=False), "cut off"),
    "a record more": (with_file("tasks.jsonl", lambda rows: rows + rows, seal=False), "more records than"),
    "a record twice": (with_file("tasks.jsonl", lambda rows: rows + rows), "two records with the id"),
    "a cut record": (with_file("tasks.jsonl", lambda rows: rows[:-1]), "cut off"),
    "broken JSON": (with_file("messages.jsonl", lambda rows: b"{" + rows), "not valid JSON"),
    "no object": (with_file("messages.jsonl", lambda rows: b"[]\n" + rows), "is not an object"),
    "deep JSON": (with_file("messages.jsonl", lambda rows: b"[" * 100_000 + b"\n" + rows), "JSON"),
    "a record without an end": (with_file("tasks.jsonl", lambda rows: b" " * (LARGEST_RECORD + 2)), "too large"),
    "another workspace in a record": (
        changed("tasks.jsonl", lambda one: one.update(workspace_id=FOREIGN)),
        "workspace",
    ),
    "another workspace in an event": (
        changed("events.jsonl", lambda one: one["data"].update(workspace_id=FOREIGN)),
        "names a workspace",
    ),
    "an id that is none": (changed("tasks.jsonl", lambda one: one.update(id="a#b")), "id is not an id"),
    "an actor that is none": (changed("messages.jsonl", lambda one: one["sender"].update(id="a#b")), "not somebody"),
    "a message of no task": (changed("messages.jsonl", lambda one: one.update(task_id=FOREIGN)), "not among tasks"),
    "a history of no task": (changed("activities.jsonl", lambda one: one.update(task_id=FOREIGN)), "not among tasks"),
    "a file of no task": (changed("attachments.jsonl", lambda one: one.update(task_id=FOREIGN)), "not among tasks"),
    "a file that is not attached": (changed("attachments.jsonl", lambda one: one.update(task_id=None)), "no archive"),
    "a file with another sum": (changed("attachments.jsonl", lambda one: one.update(sha256="0" * 64)), "is not what"),
    "a file with another size": (changed("attachments.jsonl", lambda one: one.update(size=1)), "is not what|larger"),
    "a file name with folders": (
        changed("attachments.jsonl", lambda one: one.update(filename="../x")),
        "name without folders",
    ),
    "a claim": (
        changed("tasks.jsonl", lambda one: one.update(claim_expires_at="2030-01-01T00:00:00Z")),
        "no archive holds",
    ),
    "bytes that are not there": (changed("tasks.jsonl", lambda one: one.update(attachment_bytes=9)), "other files"),
    "a status that is none": (changed("tasks.jsonl", lambda one: one.update(status="done")), "Invalid enum value"),
    "a title that is too long": (changed("tasks.jsonl", lambda one: one.update(title="x" * 256)), "length"),
    "a title with control characters": (
        changed("tasks.jsonl", lambda one: one.update(title="a\x1b[2J")),
        "control characters",
    ),
    "a pattern that allows what it does not say": (
        changed("permission_rules.jsonl", lambda one: one.update(pattern="")),
        "record 1",
    ),
    "an event in two lines": (changed("events.jsonl", lambda one: one.update(type="a\nb")), "type of an event"),
    "an event that is another": (changed("events.jsonl", lambda one: one["data"].update(seq=99)), "another event"),
    "an event that would be told": (
        changed("events.jsonl", lambda one: one.update(imported=False)),
        "no archive holds",
    ),
    "a gap in the events": (
        with_file("events.jsonl", lambda rows: first_row(rows)),
        "does not end with",
    ),
    "a number that is too high": (with_workspace(seq=10**12), "does not end with"),
    "a name that is none": (with_workspace(name=" "), "must not be empty"),
}


def stored_workspaces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of what imports begin, as they begin them."""
    made: list[str] = []

    def remembered() -> str:
        made.append(ids.new_id())
        return made[-1]

    monkeypatch.setattr("chalicelib.archive.importing.new_id", remembered)
    return made


def nothing_is_left(workspace_ids: list[str]) -> None:
    assert workspace_ids
    for id in workspace_ids:
        assert for_system(id, deleted=True) is None
        assert not list(store.WorkspaceItem.query(id, consistent_read=True))
        assert blobs().delete_some(id) == 0
    due = directory.due_by("purge", clock.after(2 * DAY), 1_000)
    assert not {one.workspace_id for one in due} & set(workspace_ids)


@pytest.fixture(scope="module")
def kept() -> dict[str, Contents]:
    return {}


@pytest.fixture
def contents(request: pytest.FixtureRequest, kept: dict[str, Contents]) -> Contents:
    """One archive for all of them: nothing here changes it."""
    if not kept:
        kept["of all"] = read(request.getfixturevalue("archive"))
    return kept["of all"]


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_and_nothing_is_left(
    name: str,
    contents: Contents,
    owner: StoredPerson,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tamper, words = HOSTILE[name]
    begun = stored_workspaces(monkeypatch)
    with pytest.raises(ArchiveError, match=words):
        bring_in(write(tmp_path / "hostile.zip", tamper(contents)), owner)
    if begun:
        nothing_is_left(begun)


def test_what_is_no_zip_is_refused(owner: StoredPerson, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 no")
    for name in ("a.zip", "absent.zip"):
        with pytest.raises(ArchiveError, match="cannot be read"):
            bring_in(tmp_path / name, owner)


def test_what_is_endless_inside_is_read_no_further_than_it_may_be(
    contents: Contents, owner: StoredPerson, tmp_path: Path
) -> None:
    """A bomb: 50 MB of blanks in 50 KB."""
    bomb = tmp_path / "bomb.zip"
    file = next(name for name in contents if name.startswith("attachments/"))
    for name in ("manifest.json", "tasks.jsonl", file):
        with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
            for entry, content in contents.items():
                archive.writestr(entry, b" " * 50_000_000 if entry == name else content)
        assert bomb.stat().st_size < 500_000
        with pytest.raises(ArchiveError, match=r"larger than|too large"):
            bring_in(bomb, owner)


def test_two_entries_of_one_name_are_refused(contents: Contents, owner: StoredPerson, tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", contents)
    with ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("tasks.jsonl", b"")
    with pytest.raises(ArchiveError, match="two of one name"):
        bring_in(path, owner)


def test_damaged_bytes_are_noticed(contents: Contents, owner: StoredPerson, tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", contents)
    whole = path.read_bytes()
    at = whole.index(b"with a thread")
    path.write_bytes(whole[:at] + b"W" + whole[at + 1 :])
    with pytest.raises(ArchiveError, match="damaged"):
        bring_in(path, owner)


def test_more_than_an_archive_may_hold_is_refused(
    contents: Contents, owner: StoredPerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zip", contents)
    for limit, words in (("MOST_ENTRIES", "too many entries"), ("MOST_RECORDS", "more than 3 records")):
        with monkeypatch.context() as small:
            small.setattr(reading, limit, 3)
            with pytest.raises(ArchiveError, match=words):
                bring_in(path, owner)


@pytest.mark.parametrize("step", ["_write", "_open"])
def test_an_import_that_fails_on_its_way_leaves_nothing(
    step: str, contents: Contents, owner: StoredPerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zip", contents)
    begun = stored_workspaces(monkeypatch)
    original, calls = getattr(importing, step), 0

    def failing(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if step == "_open" or calls == 5:
            raise OSError("the storage is away")
        original(*arguments)

    monkeypatch.setattr(importing, step, failing)
    with pytest.raises(OSError, match="the storage is away"):
        bring_in(path, owner)
    nothing_is_left(begun)


def test_an_import_that_is_killed_is_seen_by_nobody_and_purged_after_a_day(
    full: Full, contents: Contents, owner: StoredPerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zip", contents)
    begun = stored_workspaces(monkeypatch)

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(importing, "_open", killed)
        broken.setattr(importing, "purge", lambda due: 0)
        with pytest.raises(KeyboardInterrupt):
            bring_in(path, owner)
    left = [id for id in begun if for_system(id, deleted=True) is not None]
    assert len(left) == 1
    full.person.ask("GET", f"/api/workspaces/{left[0]}", 404)
    with clock.moved(DAY + 60):
        maintenance.run_due_work()
    nothing_is_left(left)
