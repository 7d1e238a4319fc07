"""How long it takes to be there: the import on Lambda, the start on one machine: `python -m tests.bench.start`.

Every time is taken in a fresh process; the middle one of nine counts.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench.process import ROOT, spawn, stop
from tests.bench.report import amount, figure, heading
from tests.bench.wire import Wire

TIMES = 9
ALONE = "from chalice import Chalice; import pynamodb.models"
LATER = ("mcp", "mcp_types", "boto3")


def imported(what: str) -> float:
    """Milliseconds that `what` takes in a new interpreter."""
    code = f"from time import perf_counter as now; start = now(); {what}; print((now() - start) * 1000)"
    return float(_python(code))


def loaded_by_app() -> set[str]:
    """The modules that are there after `import app`."""
    return set(_python("import sys, app; print(*sys.modules)").split())


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def start(data: Path) -> float:
    """Milliseconds from the command to the first answer."""
    begin = perf_counter()
    process, url = spawn(data)
    try:
        Wire(url, {}).ask("GET", "/auth/config")
        return (perf_counter() - begin) * 1000
    finally:
        stop(process)


def main() -> None:
    heading(f"Start (fresh processes, median of {TIMES})")
    # Alternately, so that a noisy minute touches both.
    pairs = [(imported("import app"), imported(ALONE)) for _ in range(TIMES)]
    app, alone = (statistics.median(times) for times in zip(*pairs, strict=True))
    amount("import of app.py", app, "ms", 350)
    amount("import of chalice and pynamodb alone", alone, "ms")
    figure("import of app.py compared with them", f"{app / alone:.2f} ×", "≤ 2 ×", app <= 2 * alone)
    early = sorted(loaded_by_app().intersection(LATER))
    figure(f"{', '.join(LATER)} loaded by it", ", ".join(early) or "none", "none", not early)
    with TemporaryDirectory() as folder:
        amount("first start of the program, to its first answer", start(Path(folder)), "ms")
        again = statistics.median(start(Path(folder)) for _ in range(TIMES))
        amount("second start of the program, to its first answer", again, "ms", 3000)


if __name__ == "__main__":
    main()
