"""How a board of 2,000 tasks opens and scrolls: `python -m tests.bench.board`."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import CDPSession, Page

from tests.bench.browser import CHROMIUM, fill, signed_in
from tests.bench.process import running
from tests.bench.report import figure, heading, latency, percentile

TASKS = 2_000
TURNS = 10
FRAMES = 180
FRAME_MS = 1000 / 60

# From the click to the frame after the one in which the cards are there: by then it is on the screen.
OPEN = """([link, there]) => new Promise((opened) => {
  const start = performance.now();
  const look = () => document.querySelector(there)
    ? requestAnimationFrame(() => requestAnimationFrame(() => opened(performance.now() - start)))
    : requestAnimationFrame(look);
  document.querySelector(link).click();
  look();
})"""
# As a wheel does it: so many pixels with every frame. Gives how far the frames were apart.
SCROLL = """([scroller, pixels, frames]) => new Promise((ended) => {
  const element = document.querySelector(scroller), times = [];
  const next = (now) => {
    times.push(now);
    element.scrollTop += pixels;
    if (times.length <= frames) requestAnimationFrame(next);
    else ended(times.slice(1).map((time, place) => time - times[place]));
  };
  requestAnimationFrame(next);
})"""
VIEWS = {
    "list": ("nav[aria-label=View] a:first-child", "[role=list][aria-label=Tasks] [data-task]"),
    "board": ("nav[aria-label=View] a:last-child", "[data-column=notstarted] [data-task]"),
}


@dataclass
class Screen:
    page: Page
    devtools: CDPSession

    def busy(self) -> float:
        """Milliseconds that the page's main thread has worked; others on the machine do not count."""
        metrics = self.devtools.send("Performance.getMetrics")["metrics"]
        seconds: float = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
        return 1000 * seconds

    def open(self, view: str) -> float:
        opened: float = self.page.evaluate(OPEN, VIEWS[view])
        return opened / 1000

    def scroll(self, what: str, scroller: str, pixels: int) -> None:
        before = self.busy()
        apart: list[float] = self.page.evaluate(SCROLL, [scroller, pixels, FRAMES])
        work = (self.busy() - before) / FRAMES
        on_time = sum(one < 1.5 * FRAME_MS for one in apart) / len(apart)
        told = f"p50 {percentile(apart, 50):5.1f} ms   p95 {percentile(apart, 95):5.1f} ms   {on_time:.0%} on time"
        figure(f"{what}: between frames", told)
        figure(f"{what}: work for a frame", f"{work:.1f} ms", f"≤ {FRAME_MS:.1f} ms", work <= FRAME_MS)


def look(screen: Screen) -> None:
    latency("board opens, for the first time", [screen.open("board")], (300, 300))
    opened: dict[str, list[float]] = {"list": [], "board": []}
    for _ in range(TURNS):
        for view, times in opened.items():
            times.append(screen.open(view))
    for view, times in opened.items():
        latency(f"{view} opens", times, (300, 300), tail=95)
    screen.scroll("column of a board", "[data-column=notstarted]", 60)
    screen.scroll("column of a board, flung", "[data-column=notstarted]", 240)
    screen.open("list")
    screen.scroll("list", ".workspace", 60)


def main() -> None:
    heading(f"A board of {TASKS:,} tasks")
    if CHROMIUM is None:
        figure("board", "no Chromium here: make test installs it")
        return
    with running() as program, signed_in(program) as context:
        workspace_id = fill(program, TASKS)
        program.reconnect()
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(f"/w/{workspace_id}")
        page.get_by_role("status", name="Connection").get_by_text("Live").wait_for()
        page.locator("[aria-setsize='1500']").first.wait_for()
        look(Screen(page, devtools))


if __name__ == "__main__":
    main()
