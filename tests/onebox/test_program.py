"""What the program keeps in its data folder beside the database."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from chalicelib.kernel import keys
from chalicelib.kernel.settings import read
from chalicelib.onebox import program
from chalicelib.onebox.blobs import FolderBlobs
from chalicelib.push.sending import vapid
from tests.isolation.test_tokens import configured


def test_the_signing_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    key = program._kept(file, keys.signing_key)
    assert len(key) >= 64
    assert program._kept(file, keys.signing_key) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_start_that_is_killed_while_it_makes_the_key_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "signing.key"

    def killed(descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            program._kept(file, keys.signing_key)
    assert not file.exists()
    assert len(program._kept(file, keys.signing_key)) >= 64


def test_of_two_starts_at_once_the_first_names_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "signing.key"
    link = os.link

    def after_another(half: Path, name: Path) -> None:
        file.write_text("the other's key")
        link(half, name)

    monkeypatch.setattr(os, "link", after_another)
    assert program._kept(file, keys.signing_key) == "the other's key"


def test_the_key_for_web_push_is_one_that_browsers_take(tmp_path: Path) -> None:
    key = program._kept(tmp_path / "push.key", keys.push_key)
    assert read({"HANDRAIL_PUSH_KEY": key}).push_key == key
    with configured(push_key=key):
        assert len(vapid.public_key()) == 87
    assert program._kept(tmp_path / "push.key", keys.push_key) == key
    assert program._kept(tmp_path / "other.key", keys.push_key) != key
    assert stat.S_IMODE((tmp_path / "push.key").stat().st_mode) == 0o600


def test_attachments_are_kept_by_ids_only(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.put("0ZPO4WBMZIP", "0ZPO4WBMZIQ", b"kept")
    assert blobs.get("0ZPO4WBMZIP", "0ZPO4WBMZIQ") == b"kept"
    assert blobs.get("0ZPO4WBMZIP", "0ZPO4WBMZIR") is None
    for workspace_id, id in (("..", "0ZPO4WBMZIQ"), ("0ZPO4WBMZIP", "../handrail")):
        with pytest.raises(ValueError, match="ids made here"):
            blobs.put(workspace_id, id, b"escaped")
    assert [blobs.size("0ZPO4WBMZIP", id) for id in ("0ZPO4WBMZIQ", "0ZPO4WBMZIR")] == [4, None]
    assert [blobs.delete_some("0ZPO4WBMZIP") for _ in range(3)] == [1, 0, 0]
    assert blobs.get("0ZPO4WBMZIP", "0ZPO4WBMZIQ") is None
