"""Whether a page that is left open stays as small as it was: `python -m tests.bench.heap`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from playwright.sync_api import CDPSession, Page

from tests.bench.browser import CHROMIUM, fill, signed_in
from tests.bench.process import Running, running
from tests.bench.report import amount, figure, heading

MARKS = (1_000, 5_000, 10_000)
TASKS = 40
MOST_GROWTH_MB = 1.0
MB = 1024**2


@dataclass
class Size:
    heap_mb: float
    nodes: int
    listeners: int


@dataclass
class Place:
    name: str
    page: Page
    devtools: CDPSession

    def size(self) -> Size:
        """What is left when nothing is left to collect."""
        for _ in range(3):
            self.devtools.send("HeapProfiler.collectGarbage")
        used = self.devtools.send("Runtime.getHeapUsage")["usedSize"]
        counters = self.devtools.send("Memory.getDOMCounters")
        return Size(used / MB, counters["nodes"], counters["jsEventListeners"])


def changes(program: Running, workspace_id: str, read: str) -> Iterator[int]:
    """Changes the workspace as people and agents do, for ever; each time, how many events there were.

    Nothing is said in the task `read`, whose thread is on a screen: that may grow.
    """
    at = f"/api/workspaces/{workspace_id}/tasks"
    task = ""
    for number in count():
        kind = number % 5
        if kind == 0:
            task = program.create_task(workspace_id, title=f"Passing task {number}", body="It comes and goes.")
        elif kind == 1:
            program.owner.ask("POST", f"{at}/{task}/messages", {"text": f"Message {number}, of some length. " * 8})
        elif kind == 2:
            program.owner.ask("PATCH", f"{at}/{task}", {"status": "ongoing", "title": f"Renamed task {number}"})
        elif kind == 3:
            program.owner.ask("PATCH", f"{at}/{read}", {"position": number})
        else:
            program.owner.ask("DELETE", f"{at}/{task}")
        yield number + 1


def measured(program: Running, workspace_id: str, places: list[Place], read: str) -> dict[str, list[Size]]:
    sizes: dict[str, list[Size]] = {place.name: [] for place in places}
    program.reconnect()
    for events in changes(program, workspace_id, read):
        if events in MARKS:
            name = f"After {events} events"
            program.owner.ask("PATCH", f"/api/workspaces/{workspace_id}", {"name": name})
            for place in places:
                place.page.get_by_role("navigation", name="Places").get_by_text(name).wait_for()
                sizes[place.name].append(place.size())
            program.reconnect()
        if events == MARKS[-1]:
            break
    return sizes


def opened(program: Running) -> dict[str, list[Size]]:
    workspace_id = fill(program, TASKS)
    read = program.create_task(workspace_id, title="The task that is read")
    paths = {
        "Needs me": "/",
        "list": f"/w/{workspace_id}?status=all",
        "board": f"/w/{workspace_id}?view=board",
        "task": f"/w/{workspace_id}/t/{read}",
    }
    with signed_in(program) as context:
        places = []
        for name, path in paths.items():
            page = context.new_page()
            page.goto(path)
            page.get_by_role("status", name="Connection").get_by_text("Live").wait_for()
            places.append(Place(name, page, context.new_cdp_session(page)))
        return measured(program, workspace_id, places, read)


def main() -> None:
    heading("A dashboard that is left open: memory after events, garbage collected")
    if CHROMIUM is None:
        figure("memory", "no Chromium here: make test installs it")
        return
    with running() as program:
        for name, sizes in opened(program).items():
            for mark, size in zip(MARKS, sizes, strict=True):
                told = f"{size.heap_mb:.2f} MB, {size.nodes:,} nodes, {size.listeners:,} listeners"
                figure(f"{name}, {mark:,} events", told)
            amount(f"{name}: growth", sizes[-1].heap_mb - sizes[0].heap_mb, "MB", MOST_GROWTH_MB)


if __name__ == "__main__":
    main()
