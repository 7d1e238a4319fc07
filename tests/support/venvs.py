"""Python tools that do not go together with the program's own packages: each set in an environment of its own.

Made on demand in the cache, from a list in which every package has its version.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache"
# ministack, cfn-lint and the transform of AWS::Serverless.
AWS_TOOLS = Path(__file__).with_name("aws-tools.txt")


def programs(pins: Path) -> Path:
    """The folder with the programs of what `pins` lists."""
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:8]
    folder = CACHE / "venvs" / f"{pins.stem}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    complete = folder / ".installed"
    with folder.with_suffix(".lock").open("w") as lock:  # several test processes may want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            install = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([*install, "-r", str(pins)], check=True)
            complete.touch()
    return folder / "bin"
