"""Chromium before a running program, signed in as its owner, with something to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, sync_playwright

from tests.bench.process import Running

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
STATUSES = ("notstarted", "ongoing", "blocked", "completed")


@contextmanager
def signed_in(program: Running) -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=program.url, viewport={"width": 1280, "height": 860})
        name, _, value = program.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": program.url}])
        yield context
        browser.close()


def fill(program: Running, tasks: int) -> str:
    """A workspace with so many tasks in every status, every fifth of them for the person; returns its id."""
    workspace_id = program.create_workspace("my-saas-backend")
    for number in range(tasks):
        assignee = "human" if number % 5 == 0 else "agent"
        task = program.create_task(workspace_id, title=f"Task {number:04} of many", assignee=assignee)
        way = STATUSES[: number % len(STATUSES) + 1][1:]
        for status in way if way[-1:] != ("completed",) else ("completed",):
            program.owner.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task}", {"status": status})
    return workspace_id
