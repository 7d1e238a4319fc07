"""What a cold start of each function costs, and what Lambda has to fetch for it: `python -m tests.bench.functions`.

Processor time, in fresh processes; the middle one of nine counts. All functions have the same package and layer; each
loads only what it serves.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.tools.package import package
from tests.bench.process import ROOT
from tests.bench.report import figure, heading

TIMES = 9
FUNCTIONS = ("api", "stream", "notify", "maintenance")
SETTINGS = {"HANDRAIL_SECRET": "s", "HANDRAIL_TENANT_ROLE": "r", "HANDRAIL_OVERVIEW_ROLE": "r"}
TIMED = "from time import process_time as now; start = now(); import app; print((now() - start) * 1000, end=' ')"
# What the snapshot is taken with, so that no request loads it.
AHEAD = "from chalicelib.kernel import late; start = now(); late.load(app.function); print((now() - start) * 1000)"
COUNTED = "import sys; print(len(sys.modules))"
MIB = 1024**2


def started(function: str) -> tuple[float, int, float]:
    """Milliseconds that the import takes, how many modules it loads, and milliseconds that the rest takes."""
    environment = os.environ | SETTINGS | {"HANDRAIL_FUNCTION": function}
    command = [sys.executable, "-c", f"{TIMED}; {COUNTED}; {AHEAD}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    imported, modules, ahead = done.stdout.split()
    return float(imported), int(modules), float(ahead)


def size(file: Path) -> str:
    with zipfile.ZipFile(file) as opened:
        unzipped = sum(entry.file_size for entry in opened.infolist())
    return f"{file.stat().st_size / MIB:.1f} MiB, unzipped {unzipped / MIB:.1f} MiB"


def main() -> None:
    heading(f"Import by function (processor time in fresh processes, median of {TIMES})")
    # In turn, so that a noisy minute touches all.
    rounds = [[started(function) for function in FUNCTIONS] for _ in range(TIMES)]
    for position, function in enumerate(FUNCTIONS):
        taken = [one[position] for one in rounds]
        imported = statistics.median(milliseconds for milliseconds, _, _ in taken)
        ahead = statistics.median(milliseconds for _, _, milliseconds in taken)
        measured = f"{imported:,.0f} ms, {taken[0][1]} modules; later {ahead:,.0f} ms"
        figure(function, measured)
    heading("Package")
    with TemporaryDirectory() as folder:
        made = package("dev", Path(folder) / "dev")
        figure("program, the same for every function", size(made / "deployment.zip"))
        figure("layer, the same for every function", size(made / "layer-deployment.zip"))


if __name__ == "__main__":
    main()
