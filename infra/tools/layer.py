"""The layer: the packages of `requirements.txt`, at the pinned versions, for Lambda, whatever machine this is.

They are taken from PyPI as wheels for that runtime, so nothing is compiled here. What PyPI only has as a source
archive must be pure Python, and is made into a wheel here. Each layer is kept in the cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.tools import archive
from infra.tools.stages import ROOT, Refusal

CACHE = ROOT / ".cache" / "layers"
# Pure Python, and only there as source.
FROM_SOURCE = ("http_ece",)
# The glibc of the runtimes since Python 3.12 (Amazon Linux 2023) is 2.34.
NEWEST_GLIBC = 34
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# The services that the program speaks to; botocore brings the descriptions of all others, which is most of its size.
SERVICES = {"dynamodb", "s3", "secretsmanager", "sts"}


@dataclass(frozen=True)
class Target:
    """A Lambda runtime (`python3.13`) on an architecture (`arm64`)."""

    runtime: str
    architecture: str

    @property
    def python_version(self) -> str:
        return self.runtime.removeprefix("python")

    @classmethod
    def of_this_machine(cls) -> Target:
        architecture = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
        return cls(f"python{sys.version_info.major}.{sys.version_info.minor}", architecture)


def layer(target: Target) -> Path:
    """The zip file with the packages for `target`."""
    sources = [ROOT / "requirements.txt", ROOT / "constraints.txt", Path(__file__)]
    made_of = b"\0".join([repr(target).encode(), *(file.read_bytes() for file in sources)])
    file = CACHE / f"{hashlib.sha256(made_of).hexdigest()[:16]}.zip"
    CACHE.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            half = file.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            site = half / "layer" / "python" / "lib" / target.runtime / "site-packages"
            _fill(site, half / "wheels", target)
            archive.write(half / "layer.zip", archive.files_in(half / "layer"))
            (half / "layer.zip").rename(file)
            shutil.rmtree(half)
    return file


def _fill(site: Path, wheels: Path, target: Target) -> None:
    pinned = ["-c", str(ROOT / "constraints.txt")]
    wheels.mkdir(parents=True)
    for name in FROM_SOURCE:
        _pip("wheel", "--no-deps", "--wheel-dir", str(wheels), *pinned, name)
    foreign = [wheel.name for wheel in wheels.iterdir() if not wheel.name.endswith("-none-any.whl")]
    if foreign:
        raise Refusal(f"{', '.join(foreign)} is not pure Python, so it cannot be made here for Lambda.")
    machine = MACHINES[target.architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(NEWEST_GLIBC, 16, -1)]
    chosen = [part for name in (*platforms, f"manylinux2014_{machine}") for part in ("--platform", name)]
    version = ["--python-version", target.python_version, "--implementation", "cp", "--only-binary=:all:"]
    place = ["--target", str(site), "--no-compile", "--find-links", str(wheels)]
    _pip("install", *place, *version, *chosen, *pinned, "-r", str(ROOT / "requirements.txt"))
    _without_commands(site)
    for folder in (site / "botocore" / "data").iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)


def _without_commands(site: Path) -> None:
    """Remove the packages' own commands, which nobody calls and which name the interpreter of this machine."""
    shutil.rmtree(site / "bin", ignore_errors=True)
    for record in site.glob("*.dist-info/RECORD"):
        kept = [line for line in record.read_text().splitlines(keepends=True) if not line.startswith("../../bin/")]
        record.write_text("".join(kept))


def _pip(command: str, *arguments: str) -> None:
    call = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr.strip())
        raise Refusal(f"pip could not {command} the packages for Lambda: {reason}")
