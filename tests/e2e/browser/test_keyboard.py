"""Every journey with the keyboard alone, from the door to the end of a token; the focus is never lost on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from playwright.sync_api import Page, TimeoutError, expect

from tests.e2e.browser.windows import enter, open_place, reply, thread
from tests.support.clients import Agent, Person

Window = Callable[[], Page]
MOST_TABS = 80
FOCUSED = """() => {
    const at = document.activeElement;
    return at && at !== document.body && at.checkVisibility() ? at.outerHTML.slice(0, 120) : null;
}"""


@dataclass
class Keyboard:
    """Somebody who has no pointer. Once something has the focus, after every key something visible has it."""

    page: Page

    def press(self, *keys: str) -> Keyboard:
        for key in keys:
            before = self.page.evaluate(FOCUSED)
            self.page.keyboard.press(key)
            # Behind the last stop comes the browser's own address bar.
            if before and key != "Tab":
                self._still_somewhere(f"{key} on {before}")
        return self

    def _still_somewhere(self, what: str) -> None:
        try:
            self.page.wait_for_function(FOCUSED)
        except TimeoutError as error:
            raise AssertionError(f"nothing has the focus after {what}") from error

    def type(self, text: str) -> Keyboard:
        self.page.keyboard.type(text)
        return self

    def tab_to(self, role: str, name: str) -> Keyboard:
        """Goes from stop to stop until the one with this role and name has the focus."""
        wanted = self.page.get_by_role(role, name=name)  # type: ignore[arg-type]
        for _ in range(MOST_TABS):
            if wanted.evaluate_all("all => all.includes(document.activeElement)"):
                return self
            self.press("Tab")
        raise AssertionError(f"no way to the {role} {name!r}; the focus is on {self.page.evaluate(FOCUSED)}")

    def choose(self, text: str, wanted: str | None = None) -> Keyboard:
        """Through the palette; `wanted` is the entry, where it is not what was typed."""
        self.press("ControlOrMeta+k")
        expect(self.page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
        self.type(text)
        option = self.page.get_by_role("option", name=wanted or text).first
        expect(option).to_be_visible()
        while option.get_attribute("aria-selected") != "true":
            self.press("ArrowDown")
        return self.press("Enter")


def test_from_the_door_to_a_task_and_its_reply(new_window: Window) -> None:
    page = new_window()
    page.goto("/")
    page.get_by_role("button", name="Continue").wait_for()
    keys = Keyboard(page).tab_to("button", "Continue")
    # Whoever is in gets another document, which begins without a focus.
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Needs me")).to_be_visible()

    keys.choose("New workspace")
    page.get_by_role("textbox", name="Workspace name").wait_for()
    keys.tab_to("textbox", "Workspace name").type("by keyboard").press("Enter")
    expect(page.get_by_role("heading", name="by keyboard")).to_be_visible()

    keys.press("c")
    page.get_by_role("textbox", name="Title").wait_for()
    keys.tab_to("textbox", "Title").type("Sort the cables").press("ControlOrMeta+Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.choose("Sort the cables")
    expect(page.get_by_role("heading", name="Sort the cables")).to_be_visible()

    keys.tab_to("textbox", "Reply").type("The red ones first.").press("ControlOrMeta+Enter")
    expect(thread(page)).to_contain_text("The red ones first.")
    changes: list[str | None] = []
    page.on("request", lambda request: changes.append(request.post_data) if request.method == "PATCH" else None)
    keys.tab_to("combobox", "Status").press("ArrowDown")
    expect(page.locator("select:open")).to_have_count(1)
    keys.press("Escape").type("Co")
    expect(page.get_by_role("combobox", name="Status")).to_have_value("completed")
    assert changes == ['{"status":"completed"}']


def test_what_waits_is_settled_with_one_key_each(
    new_window: Window, person: Person, workspace_id: str, agent: Agent
) -> None:
    page = open_place(enter(new_window(), person), "/workspaces")
    keys = Keyboard(page)
    command = json.dumps({"command": "make deploy"})
    with ThreadPoolExecutor() as background:
        for key, behavior in (("y", "allow"), ("n", "deny")):
            asked = background.submit(
                agent.call, "requestPermission", tool_name="Bash", description="Ship it", input=command
            )
            keys.press("g", "i")
            keys.press("j")
            # A card that has just come takes no decision: it may have come under the finger.
            allow = page.get_by_role("group", name="Permission: Bash").get_by_role("button", name="Allow once")
            expect(allow).to_have_attribute("aria-disabled", "false")
            keys.press(key)
            if behavior == "deny":
                expect(page.get_by_role("textbox", name="Reason for denying")).to_be_focused()
                keys.type("Not on a Saturday.").press("Enter")
            verdict = asked.result(timeout=30)
            assert verdict["behavior"] == behavior
            expect(page.get_by_role("group", name="Permission: Bash")).to_have_count(0)
    assert verdict["reason"] == "Not on a Saturday."

    agent.call("createTask", title="Pick a colour", body="", assignee="human")
    agent.call("createTask", title="Water the plants", body="", assignee="human")
    expect(page.get_by_role("article", name="Water the plants")).to_be_visible()
    keys.press("j", "r")
    expect(reply(page.get_by_role("article", name="Pick a colour"))).to_be_focused()  # type: ignore[arg-type]
    keys.type("Green").press("ControlOrMeta+Enter")
    expect(page.get_by_role("article", name="Pick a colour")).to_have_count(0)
    keys.press("j", "e")
    expect(page.get_by_role("article", name="Water the plants")).to_have_count(0)
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()


def test_a_token_is_made_and_ended(new_window: Window, person: Person, workspace_id: str) -> None:
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}/settings")
    keys = Keyboard(page).tab_to("textbox", "Token name").type("desk").press("Enter")
    block = page.get_by_role("group", name=".mcp.json")
    expect(block).to_be_visible()
    server = json.loads(block.locator("pre").inner_text())["mcpServers"]["handrail"]
    secret = server["headers"]["Authorization"].removeprefix("Bearer ")
    agent = Agent(str(person.http.base_url), workspace_id, secret).initialize()

    keys.tab_to("button", "Revoke").press("Enter")
    expect(page.get_by_role("group", name="Revoke")).to_be_visible()
    with page.expect_response("**/tokens/*"):
        keys.tab_to("button", "Revoke").press("Enter")
    expect(page.get_by_role("list", name="Active tokens").get_by_role("listitem")).to_have_count(0)
    assert agent.post("tools/list").status_code == 401


def test_the_sheet_shows_the_keys_of_the_place_one_is_at_and_closes_again(
    new_window: Window, person: Person, workspace_id: str
) -> None:
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}")
    keys = Keyboard(page).tab_to("button", "New task").press("?")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("New task")
    keys.press("Escape")
    expect(sheet).to_have_count(0)
    keys.press("g", "w")
    expect(page.get_by_role("heading", name="Workspaces")).to_be_visible()
