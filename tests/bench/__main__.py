"""`python -m tests.bench [name ...]`: every bench, or those named, each in a process of its own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime

from tests.bench.process import ROOT

NAMES = (
    "start",
    "functions",
    "engine",
    "api",
    "push",
    "relay",
    "load",
    "memory",
    "round_trips",
    "wall",
    "dashboard",
    "interactions",
    "board",
    "heap",
    "lighthouse",
)


def machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    today = datetime.now(UTC).date().isoformat()
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.release()} {platform.machine()}, "
        f"Python {platform.python_version()}, {today}, load {load}"
    )


def main(chosen: list[str]) -> int:
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        print(f"There is no bench called {', '.join(unknown)}; there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    print(machine(), flush=True)
    failed = []
    for name in chosen or NAMES:
        print(f"\n== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], cwd=ROOT)
        if done.returncode != 0:
            failed.append(name)
    if failed:
        print(f"\nNot finished: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
