"""`make screenshots`: pictures of the dashboard with something in it; the README shows the first one."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal, get_args

from playwright.sync_api import Browser, Page, sync_playwright

from chalicelib.kernel.settings import Settings
from chalicelib.onebox.program import Program
from tests.support.clients import Agent, Person, close_clients

Theme = Literal["light", "dark"]


def fill(person: Person) -> tuple[str, str]:
    """A workspace in the middle of a day; returns its id and that of the task to look at."""
    workspace_id = person.create_workspace("my-saas-backend", mission="The API and its workers.")["id"]
    person.create_workspace("mobile-app-rewrite")
    person.create_task(workspace_id, "Upgrade the payment library", body="Version 4 drops the old webhooks.")
    person.create_task(workspace_id, "Write the release notes")
    agent = person.agent(workspace_id, "claude on laptop").initialize()
    task = agent.call("getNextTask")["task"]
    agent.call("updateTaskStatus", task_id=task["id"], status="ongoing")
    report = "The library is at **4.2** now. `checkout` and `refund` are moved; 212 tests pass."
    agent.call("reply", chat_id=task["id"], text=report)
    person.reply(workspace_id, task["id"], "Good. Keep the old endpoint until Friday.")
    agent.call("createTask", title="Which region for the new bucket?", body="Users are in the EU.", assignee="human")
    ask(agent, task["id"])
    return workspace_id, task["id"]


def ask(agent: Agent, task_id: str) -> None:
    agent.notify(
        "notifications/claude/channel/permission_request",
        {
            "request_id": "abcde",
            "tool_name": "Bash",
            "description": "Run the tests of the payment module",
            "input_preview": json.dumps({"command": "pytest tests/payments"}),
            "task_id": task_id,
        },
    )


def shoot(browser: Browser, url: str, folder: Path, theme: Theme, places: dict[str, str]) -> None:
    for size, viewport in (("desk", (1200, 780)), ("phone", (390, 844))):
        context = browser.new_context(
            base_url=url,
            color_scheme=theme,
            viewport={"width": viewport[0], "height": viewport[1]},
        )
        page: Page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Continue").wait_for()
        page.screenshot(path=folder / f"sign-in-{theme}-{size}.png")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/")
        page.locator("main h1").wait_for()
        for name, path in places.items():
            page.goto(path)
            page.wait_for_load_state("load")
            page.locator("main h1, main h2").first.wait_for()
            page.screenshot(path=folder / f"{name}-{theme}-{size}.png")
        context.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as data:
        program = Program(Settings(port=0, data=Path(data), log_level="WARNING")).start()
        owner = Person.owner(program.url)
        workspace_id, task_id = fill(owner)
        places = {
            "task": f"/w/{workspace_id}/t/{task_id}",
            "needs-me": "/",
            "workspace": f"/w/{workspace_id}",
            "settings": f"/w/{workspace_id}/settings",
        }
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for theme in get_args(Theme):
                shoot(browser, program.url, folder, theme, places)
            browser.close()
        close_clients()
        program.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
