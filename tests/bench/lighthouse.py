"""What Lighthouse says of the built dashboard, on a phone that it slows down: `python -m tests.bench.lighthouse`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.bench.browser import CHROMIUM, fill
from tests.bench.process import Running, running
from tests.bench.report import amount, figure, heading
from tests.support.npm import NODE, installed

PINNED = Path(__file__).parent / "node"
LEAST = {"performance": 95, "accessibility": 100, "best-practices": 100}
# What else runs on the machine counts: of three runs, the one in the middle.
RUNS = 3
# Now and then Chromium's trace lacks what Lighthouse needs, which then says to run it again.
MOST_RUNS = 6
TIMINGS = {"largest-contentful-paint": "largest contentful paint", "total-blocking-time": "total blocking time"}


class NoTrace(RuntimeError):
    """Lighthouse could not judge, and says to run it again."""


def judged(program: Running, path: str, signed_in: bool) -> dict[str, float]:
    runs: list[dict[str, float]] = []
    for _ in range(MOST_RUNS):
        try:
            runs.append(judged_once(program, path, signed_in))
        except NoTrace:
            continue
        if len(runs) == RUNS:
            break
    else:
        raise RuntimeError(f"Chromium gave Lighthouse no usable trace of {path}, {MOST_RUNS - len(runs)} times")
    return sorted(runs, key=lambda run: run["performance"])[RUNS // 2]


def judged_once(program: Running, path: str, signed_in: bool) -> dict[str, float]:
    """The score of each category, and some timings in ms, by their names in Lighthouse."""
    script = installed(PINNED, "lighthouse") / "node_modules" / "lighthouse" / "cli" / "index.js"
    options = [
        f"--only-categories={','.join(LEAST)}",
        "--output=json",
        "--quiet",
        "--chrome-flags=--headless=new --no-sandbox",
    ]
    if signed_in:
        options.append(f"--extra-headers={json.dumps({'Cookie': program.cookie})}")
    command = [NODE, str(script), f"{program.url}{path}", *options]
    environment = os.environ | {"CHROME_PATH": str(CHROMIUM)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0 and "Please run Lighthouse again" in done.stderr:
        raise NoTrace(done.stderr)
    if done.returncode != 0:
        raise RuntimeError(f"Lighthouse could not judge {path}: {done.stderr}")
    report = json.loads(done.stdout)
    if report["finalDisplayedUrl"].partition("?")[0] != f"{program.url}{path}":
        raise RuntimeError(f"{path} led to {report['finalDisplayedUrl']}")
    scores = {name: 100 * report["categories"][name]["score"] for name in LEAST}
    return scores | {name: report["audits"][name]["numericValue"] for name in TIMINGS}


def main() -> None:
    heading("Lighthouse, phone")
    if CHROMIUM is None:
        figure("Lighthouse", "no Chromium here: make test installs it")
        return
    with running() as program:
        workspace_id = fill(program, tasks=60)
        pages = {"Sign-in": "/signin", "Needs me": "/", "Workspace": f"/w/{workspace_id}"}
        for name, path in pages.items():
            result = judged(program, path, signed_in=name != "Sign-in")
            for category, least in LEAST.items():
                score = result[category]
                figure(f"{name}: {category.replace('-', ' ')}", f"{score:.0f}", f"≥ {least}", score >= least)
            for timing, words in TIMINGS.items():
                amount(f"{name}: {words}", result[timing], "ms")


if __name__ == "__main__":
    main()
