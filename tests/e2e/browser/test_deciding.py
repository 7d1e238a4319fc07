"""A decision is final: it is made only on what was seen, and never on what slipped under the pointer or the key."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import Seat, enter, open_place, thread, without_service_worker
from tests.support.clients import Agent, Json, Person
from tests.support.waiting import eventually

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

# Clicks where the pointer rests, before anything is painted after the first card is gone; gives what was hit.
HIT_WHAT_COMES = """([x, y]) => new Promise((resolve) => {
    const cards = document.querySelectorAll("article").length;
    const watch = new MutationObserver(() => {
        if (document.querySelectorAll("article").length === cards) return;
        watch.disconnect();
        const hit = document.elementFromPoint(x, y).closest("button");
        hit?.click();
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "y", bubbles: true }));
        resolve(hit && `${hit.textContent.trim()} ${hit.closest("[role=group]").getAttribute("aria-label")}`);
    });
    watch.observe(document.querySelector("[role=feed]"), { childList: true, subtree: true });
})"""


@pytest.fixture
def page(new_window: NewWindow, person: Person) -> Page:
    return enter(new_window(), person)


def ask(agent: Agent, tool: str, input: str, task: str | None = None) -> None:
    asked = {"request_id": tool, "tool_name": tool, "description": "Look", "input_preview": input}
    if task is not None:
        asked["task_id"] = task
    answer = agent.notify("notifications/claude/channel/permission_request", asked)
    assert answer.status_code == 202, answer.text


def card(page: Page, tool: str) -> Locator:
    return page.get_by_role("group", name=f"Permission: {tool}")


def allow(page: Page, tool: str) -> Locator:
    return card(page, tool).get_by_role("button", name="Allow once")


def requests(person: Person, workspace_id: str) -> dict[str, Json]:
    items = person.ask("GET", f"/api/workspaces/{workspace_id}/permissions")["items"]
    return {one["tool_name"]: one for one in items}


def test_what_slips_under_the_pointer_and_the_key_is_not_decided_on(
    page: Page, person: Person, there: Seat, agent: Agent, workspace_id: str
) -> None:
    for tool in ("First", "Second"):
        ask(agent, tool, "ls")
    open_place(page, "/")
    expect(allow(page, "First")).to_be_enabled()
    box = allow(page, "First").bounding_box()
    assert box is not None
    page.evaluate(f"void (window.hit = ({HIT_WHAT_COMES})([{box['x'] + 5}, {box['y'] + 5}]))")
    first = requests(person, workspace_id)["First"]["id"]
    decision = f"/api/workspaces/{workspace_id}/permissions/{first}/decision"
    there.person.ask("PUT", decision, json={"behavior": "deny"})
    assert page.evaluate("window.hit") == "Allow once Permission: Second"
    expect(allow(page, "Second")).to_be_enabled()
    assert requests(person, workspace_id)["Second"]["status"] == "pending"
    allow(page, "Second").click()
    expect(page.get_by_role("heading", name="Needs me")).to_be_focused()
    expect(card(page, "Second")).to_have_count(0)


def test_a_long_command_is_allowed_only_after_its_end_was_in_sight(
    page: Page, person: Person, agent: Agent, workspace_id: str
) -> None:
    ask(agent, "Bash", "\n".join(f"echo {line}" for line in range(300)) + "\nrm -rf ~")
    open_place(page, "/")
    expect(card(page, "Bash").get_by_role("button", name="Deny")).to_be_enabled()
    expect(allow(page, "Bash")).to_be_disabled()
    page.keyboard.press("y")
    shown = card(page, "Bash").get_by_role("group", name="What would run")
    expect(shown).to_be_focused()
    assert requests(person, workspace_id)["Bash"]["status"] == "pending"
    page.keyboard.press("End")
    expect(shown.get_by_text("rm -rf ~")).to_be_in_viewport()
    expect(allow(page, "Bash")).to_be_enabled()
    page.keyboard.press("y")
    expect(card(page, "Bash")).to_have_count(0)
    eventually(lambda: requests(person, workspace_id)["Bash"]["behavior"] == "allow", "allowing")


def test_on_the_page_of_a_task_a_key_allows_what_is_in_sight_and_its_outcome_stays(
    page: Page, person: Person, agent: Agent, workspace_id: str
) -> None:
    task = person.create_task(workspace_id, "Build it", body="\n\n".join(["A paragraph."] * 60))["id"]
    ask(agent, "Bash", "make", task)
    open_place(page, f"/w/{workspace_id}/t/{task}")
    expect(allow(page, "Bash")).to_be_enabled()
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.press("y")
    expect(allow(page, "Bash")).to_be_in_viewport()
    assert requests(person, workspace_id)["Bash"]["status"] == "pending"
    expect(allow(page, "Bash")).to_be_enabled()
    page.keyboard.press("y")
    expect(card(page, "Bash")).to_contain_text("Allowed once by you")


def test_a_picture_is_shown_and_enlarged_and_a_message_is_found_by_its_address(
    page: Page, person: Person, agent: Agent, workspace_id: str
) -> None:
    task = person.create_task(workspace_id, "Look at this")["id"]
    picture = {"filename": "plan.png", "mime_type": "image/png", "data": PIXEL}
    notes = {"filename": "a.csv", "mime_type": "text/csv", "data": base64.b64encode(b"a,<b>1</b>").decode()}
    agent.call("reply", chat_id=task, text="See these", attachments=[picture, notes])
    for number in range(90):
        agent.call("reply", chat_id=task, text=f"Said {number}")
    first = person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{task}/messages?limit=1")["items"][0]["id"]
    open_place(page, f"/w/{workspace_id}/t/{task}#m-{first}")
    expect(page.locator(f"#m-{first}")).to_be_in_viewport()
    expect(page.locator(f"#m-{first}")).to_be_focused()
    enlarge = thread(page).get_by_role("button", name="Enlarge plan.png")
    expect(enlarge.locator("img")).to_have_js_property("naturalWidth", 1)
    enlarge.click()
    expect(page.get_by_role("dialog", name="plan.png").get_by_role("img")).to_have_js_property("complete", True)
    page.keyboard.press("Escape")
    expect(enlarge).to_be_focused()
    thread(page).get_by_role("button", name="Preview a.csv").click()
    expect(page.get_by_role("dialog", name="a.csv")).to_contain_text("a,<b>1</b>")


def test_a_preview_whose_code_cannot_be_had_says_what_to_do(
    new_window: NewWindow, person: Person, agent: Agent, workspace_id: str
) -> None:
    page = without_service_worker(enter(new_window(), person))
    task = person.create_task(workspace_id, "Look at this")["id"]
    notes = {"filename": "a.csv", "mime_type": "text/csv", "data": base64.b64encode(b"a").decode()}
    agent.call("reply", chat_id=task, text="See these", attachments=[notes])
    page.route(re.compile(r"/assets/FileDialog-[^/]+\.js"), lambda route: route.abort())
    open_place(page, f"/w/{workspace_id}/t/{task}")
    thread(page).get_by_role("button", name="Preview a.csv").click()
    expect(page.get_by_role("alert").filter(has_text="reload the page")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
