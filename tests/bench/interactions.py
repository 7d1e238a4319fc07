"""How soon the dashboard answers a key or a click, beside 2,000 tasks: `python -m tests.bench.interactions`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.bench.browser import CHROMIUM, fill, signed_in
from tests.bench.process import Running, running
from tests.bench.report import figure, heading, latency

TASKS = 2_000
TURNS = 20
BOUND_MS = (50, 50)
WORDS = "The second one, as soon as the release is out and the old endpoint has no callers any more. "

# From the input to the frame that shows its effect, as the browser takes it (Event Timing API), for each interaction
# that took longer than a frame.
OBSERVE = """
const slow = new Map();
const note = (entries) => {
  for (const { interactionId: id, duration } of entries)
    if (id) slow.set(id, Math.max(slow.get(id) ?? 0, duration));
};
const observer = new PerformanceObserver((list) => note(list.getEntries()));
observer.observe({ type: "event", durationThreshold: 16 });
window.slowest = async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise((shown) => requestAnimationFrame(shown));
  note(observer.takeRecords());
  const durations = [...slow.values()];
  slow.clear();
  return durations;
};
"""
FRAME_MS = 16.0
# Faster than anyone writes.
KEY_EVERY_MS = 30
# Who changes the view looks at it before changing it back.
LOOK_MS = 150


@contextmanager
def timed(page: Page, what: str, interactions: int) -> Iterator[None]:
    """Prints how long the block's interactions took; one that the browser does not list took a frame at most."""
    page.evaluate("slowest()")
    yield
    durations: list[float] = page.evaluate("slowest()")
    durations += [FRAME_MS] * (interactions - len(durations))
    latency(what, [duration / 1000 for duration in durations], BOUND_MS, tail=95)


def typing(page: Page, what: str, text: str) -> None:
    with timed(page, what, len(text)):
        page.keyboard.type(text, delay=KEY_EVERY_MS)


def in_a_task(program: Running, page: Page, workspace_id: str) -> None:
    task = program.create_task(workspace_id, title="The task that is read", body="**Which** one?")
    for number in range(40):
        text = {"text": f"Message {number}. " * 20}
        program.owner.ask("POST", f"/api/workspaces/{workspace_id}/tasks/{task}/messages", text)
    page.goto(f"/w/{workspace_id}/t/{task}")
    page.get_by_role("log", name="Thread").get_by_text("Message 39").wait_for()
    page.get_by_role("textbox", name="Reply").click()
    # A browser without a screen needs some seconds before it tells in time when its frames are shown.
    page.keyboard.type(WORDS * 2, delay=KEY_EVERY_MS)
    typing(page, "key in a reply", WORDS * 2)


def in_the_list(page: Page, workspace_id: str) -> None:
    page.goto(f"/w/{workspace_id}")
    tasks = page.get_by_role("list", name="Tasks")
    link = tasks.get_by_role("link", name="of many").nth(3)
    link.wait_for()
    with timed(page, "click that opens a task", TURNS):
        for _ in range(TURNS):
            link.click()
            page.get_by_role("heading", name="of many", level=1).wait_for()
            page.go_back()
            link.wait_for()
    with timed(page, "key to the next task", 2 * TURNS):
        for key in "j" * TURNS + "k" * TURNS:
            page.keyboard.press(key)
    # By CSS: to look for roles takes the page itself longer than a frame, and would be measured along.
    row, card = (page.locator(f"{within} [data-task]").first for within in ("[aria-label=Tasks]", "[data-column]"))
    with timed(page, "key from the list to the board and back", 2 * TURNS):
        for _ in range(TURNS):
            page.keyboard.press("b")
            card.wait_for()
            page.wait_for_timeout(LOOK_MS)
            page.keyboard.press("b")
            row.wait_for()
            page.wait_for_timeout(LOOK_MS)
    page.get_by_role("searchbox", name="Search").click()
    typing(page, "key in the search", "0042 of many")


def in_the_palette(page: Page) -> None:
    page.goto("/")
    page.get_by_role("heading", name="Needs me").wait_for()
    dialog = page.get_by_role("dialog")
    search = dialog.get_by_role("combobox")
    with timed(page, "key that opens or closes the palette", 2 * TURNS):
        for _ in range(TURNS):
            page.keyboard.press("ControlOrMeta+k")
            search.wait_for()
            page.keyboard.press("Escape")
            dialog.wait_for(state="hidden")
    page.keyboard.press("ControlOrMeta+k")
    search.wait_for()
    typing(page, "key in the palette", "release board settings")


def main() -> None:
    heading(f"Key or click → next paint, {TASKS:,} tasks")
    if CHROMIUM is None:
        figure("key or click", "no Chromium here: make test installs it")
        return
    with running() as program, signed_in(program) as context:
        workspace_id = fill(program, TASKS)
        program.reconnect()
        page = context.new_page()
        page.add_init_script(OBSERVE)
        in_a_task(program, page, workspace_id)
        in_the_list(page, workspace_id)
        in_the_palette(page)


if __name__ == "__main__":
    main()
