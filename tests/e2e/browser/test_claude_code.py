"""The whole of it, nothing left out: the real Claude Code asks, a person answers in a real browser, it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.test_story import SignIn, Window, create_workspace
from tests.e2e.conftest import NodeClients
from tests.e2e.mcp.claude import Claude
from tests.e2e.mcp.messages_api import Json, MessagesApi, Say, Use

pytestmark = [pytest.mark.timeout(600)]


def pasted(page: Page) -> Json:
    """The `.mcp.json` that the settings show after generating a token."""
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("textbox", name="Token name").fill("laptop")
    page.get_by_role("button", name="Generate token").click()
    shown: Json = json.loads(page.get_by_role("group", name=".mcp.json").locator("pre").inner_text())
    return shown


@pytest.mark.parametrize("release", ["2.1.197", "newest"])
def test_claude_code_asks_and_a_person_answers_in_the_browser(
    new_window: Window,
    sign_in: SignIn,
    node_clients: NodeClients,
    messages_api: MessagesApi,
    tmp_path: Path,
    release: str,
) -> None:
    page = sign_in(new_window())
    title = f"Which database, {release}?"
    here = {"workspace_id": create_workspace(page, f"claude-{release}")}
    question = {**here, "title": title, "body": "Postgres or SQLite?", "assignee": "human"}
    steps: list[Callable[[Json], Say | Use]] = [
        lambda _: Use("createTask", question),
        lambda created: Use("waitForReply", {**here, "task_id": created["task_id"]}),
        lambda answer: Say(f"I take {answer['text']}."),
    ]
    messages_api.steps = steps
    claude = Claude(node_clients.claude(release), tmp_path, messages_api, pasted(page))
    with claude.start("Ask which database to use.", "createTask", "waitForReply") as process:
        try:
            expect(page.locator("#connect")).to_contain_text("connected", ignore_case=True, timeout=30_000)
            page.goto("/")
            card = page.get_by_role("article", name=title)
            card.get_by_role("textbox", name="Reply").fill("SQLite")
            card.get_by_role("button", name="Send").click()
            lines = claude.finish(process)
        finally:
            process.kill()
    assert messages_api.problems == []
    assert lines[-1]["result"] == "I take SQLite."
    expect(card).to_have_count(0)
