"""What the dashboard weighs, and how soon it shows what somebody else changed: `python -m tests.bench.dashboard`."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from playwright.sync_api import Page

from tests.bench.browser import CHROMIUM, signed_in
from tests.bench.process import ROOT, Running, running
from tests.bench.report import amount, figure, heading, latency

DIST = ROOT / "dashboard" / "dist"
CHANGES = 100
VIEWS = ("SignIn", "NeedsMe", "Workspace", "Task", "Settings")
_STATIC_IMPORT = re.compile(r"""(?:from|import)\s*["'](\./[^"']+\.js)["']""")

# When the bytes of a change are read from the stream, and when the next frame shows its title.
WATCH = """
const arrived = (window.arrived = {}), shown = (window.shown = {});
const read = ReadableStreamDefaultReader.prototype.read;
ReadableStreamDefaultReader.prototype.read = async function (...args) {
  const chunk = await read.apply(this, args);
  const text = chunk.value instanceof Uint8Array ? new TextDecoder().decode(chunk.value) : "";
  for (const [title] of text.matchAll(/Remote change \\d+/g)) arrived[title] ??= performance.now();
  return chunk;
};
const look = () => {
  for (const title in arrived)
    if (!(title in shown) && document.body.innerText.includes(title)) shown[title] = performance.now();
};
new MutationObserver(() => requestAnimationFrame(look)).observe(document, { childList: true, subtree: true });
"""


def first_load(dist: Path) -> list[Path]:
    """The scripts that every page of the dashboard begins with."""
    page = (dist / "index.html").read_text()
    return with_imports([dist / path.lstrip("/") for path in re.findall(r'(?:src|href)="([^"]+\.js)"', page)])


def with_imports(scripts: list[Path]) -> list[Path]:
    """These and all that they cannot run without."""
    waiting, needed = list(scripts), []
    while waiting:
        script = waiting.pop()
        if script not in needed:
            needed.append(script)
            waiting += [script.parent / name for name in _STATIC_IMPORT.findall(script.read_text())]
    return needed


def weight(files: list[Path]) -> float:
    """KB after gzip."""
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) / 1024


def shown_after(program: Running, page: Page) -> list[float]:
    workspace_id = program.create_workspace()
    page.add_init_script(WATCH)
    page.goto(f"/w/{workspace_id}")
    page.get_by_role("status", name="Connection").get_by_text("Live").wait_for()
    program.reconnect()
    for number in range(CHANGES):
        program.create_task(workspace_id, title=f"Remote change {number:03}")
        page.wait_for_function("title => title in shown", arg=f"Remote change {number:03}")
    times = json.loads(page.evaluate("JSON.stringify([arrived, shown])"))
    return [(times[1][title] - times[0][title]) / 1000 for title in times[0]]


def main() -> None:
    heading("Dashboard")
    if not DIST.is_dir():
        figure("dashboard/dist", "not built: make dashboard")
        return
    needed = first_load(DIST)
    amount("JavaScript that every page begins with, gzip", weight(needed), "KB", 60)
    for view in VIEWS:
        own = with_imports([*needed, *DIST.glob(f"assets/{view}-*.js")])
        amount(f"the same with the view {view}", weight(own), "KB", 60)
    later = [script for script in DIST.glob("assets/*.js") if script not in needed]
    amount("JavaScript loaded when needed, gzip", weight(later), "KB")
    amount("styles, gzip", weight(list(DIST.glob("assets/*.css"))), "KB")
    if CHROMIUM is None:
        figure("frame arrived → change visible", "no Chromium here: make test installs it")
        return
    with running() as program, signed_in(program) as context:
        latency("frame arrived → change visible in Chromium", shown_after(program, context.new_page()), (100, 100))


if __name__ == "__main__":
    main()
