"""The settings of a workspace: what one types is kept, what one sets is seen, and what it would do is shown first."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib.kernel.settings import DAY
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import enter, open_place, places
from tests.isolation.test_tokens import configured
from tests.support.clients import Agent, Person
from tests.support.waiting import eventually


@pytest.fixture
def page(new_window: NewWindow, person: Person, workspace_id: str) -> Page:
    return open_place(enter(new_window(), person), f"/w/{workspace_id}/settings")


def mission(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Mission")


def effect(page: Page) -> Locator:
    return page.get_by_role("group", name="What would this match?")


def notes(page: Page) -> Locator:
    return page.get_by_role("status", name="What just happened")


def write_rule(page: Page, tool: str, pattern: str) -> None:
    page.get_by_role("textbox", name="Tool name").fill(tool)
    page.get_by_role("textbox", name="Pattern").fill(pattern)


def ask(agent: Agent, command: str) -> None:
    params = {"request_id": command, "tool_name": "Bash", "description": "", "input_preview": command_input(command)}
    assert agent.notify("notifications/claude/channel/permission_request", params).status_code == 202


def command_input(command: str) -> str:
    return json.dumps({"command": command})


def test_what_is_typed_and_not_saved_is_kept_until_it_is_saved_or_discarded(page: Page, workspace_id: str) -> None:
    mission(page).fill("Ship it before")
    expect(page.get_by_role("link", name="General (not saved)")).to_be_visible()
    places(page).get_by_role("link", name="Needs me").click()
    expect(notes(page)).to_contain_text("not saved")
    page.reload()
    open_place(page, f"/w/{workspace_id}/settings")
    expect(mission(page)).to_have_value("Ship it before")
    mission(page).fill("Ship it before the winter.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(mission(page)).to_have_value("Ship it before the winter.")

    mission(page).fill("Never")
    page.get_by_role("button", name="Discard").click()
    expect(mission(page)).to_have_value("Ship it before the winter.")
    expect(page.get_by_role("link", name="General", exact=True)).to_be_visible()


def test_what_somebody_else_changes_meanwhile_is_shown_and_not_overwritten_unseen(
    page: Page, person: Person, workspace_id: str
) -> None:
    path = f"/api/workspaces/{workspace_id}"
    mission(page).fill("Mine")
    person.ask("PATCH", path, json={"name": "renamed", "mission": "Theirs"})
    expect(page.get_by_role("textbox", name="Workspace name")).to_have_value("renamed")
    expect(page.get_by_text("Somebody changed this meanwhile, to “Theirs”.")).to_be_visible()
    expect(mission(page)).to_have_value("Mine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    saved = person.ask("GET", path)
    assert (saved["name"], saved["mission"]) == ("renamed", "Mine")


def test_a_mission_that_is_too_long_says_by_how_much_and_is_not_sent(page: Page) -> None:
    mission(page).fill("x" * 4_012)
    expect(page.get_by_text("12 characters too many")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()


def test_the_check_turns_green_when_the_very_token_is_used(page: Page, person: Person, agent: Agent) -> None:
    connect = page.locator("#connect")
    expect(connect).to_contain_text("Connected: laptop")
    page.get_by_role("textbox", name="Token name").fill("second")
    page.get_by_role("button", name="Generate token").click()
    expect(connect).to_contain_text("Waiting for second to call…")
    expect(connect).to_contain_text("Shown once: copy the secret of second now.")
    secret = page.get_by_role("group", name="Token", exact=True).locator("pre").inner_text()
    Agent(agent.url, agent.workspace_id, secret).initialize()
    expect(connect).to_contain_text("Connected: second (test-client 1)")
    page.reload()
    expect(page.get_by_role("list", name="Active tokens")).to_contain_text("second")
    assert secret not in page.content()


def test_a_token_is_shown_once_to_be_copied_and_then_by_all_but_its_secret(
    page: Page, person: Person, workspace_id: str
) -> None:
    page.get_by_role("textbox", name="Token name").fill("laptop")
    page.get_by_role("button", name="Generate token").click()
    secret = page.get_by_role("group", name="Token", exact=True).locator("pre").inner_text()
    for block in ("Token", ".mcp.json", "Command"):
        shown = page.get_by_role("group", name=block, exact=True)
        shown.get_by_role("button", name="Copy").click()
        expect(shown).to_contain_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert (copied, secret in copied) == (shown.locator("pre").inner_text(), True)
    url = person.http.base_url.join(f"/mcp/{workspace_id}")
    assert copied.startswith(f"claude mcp add --transport http handrail {url} ")
    assert "\n" not in copied

    item = page.get_by_role("list", name="Active tokens").get_by_role("listitem", name="laptop")
    expect(item).to_contain_text(f"…{secret[-4:]}")
    expect(item).to_contain_text(re.compile(r"Made ?now by you.*Last used ?never.*Expires ?\w"))
    page.reload()
    expect(item).to_be_visible()
    assert secret not in page.content()
    Agent(str(person.http.base_url), workspace_id, secret).initialize()
    expect(item).to_contain_text(re.compile(r"Last used ?now"))


def test_what_a_project_is_told_is_true_of_the_tools(page: Page, agent: Agent) -> None:
    page.get_by_text("Teach it how to work here").click()
    text = page.get_by_role("group", name="CLAUDE.md").locator("pre").inner_text()
    tools = {tool["name"]: tool for tool in agent.post("tools/list").json()["result"]["tools"]}
    schemas = json.dumps(list(tools.values()))
    named = set(re.findall(r"`([A-Za-z_]+)`", text)) - {"handrail", agent.workspace_id}
    assert named & tools.keys() == {
        "getWorkspace",
        "getInbox",
        "getNextTask",
        "reply",
        "updateTaskStatus",
        "createTask",
        "waitForReply",
        "requestPermission",
    }
    assert [name for name in named - tools.keys() if f'"{name}"' not in schemas] == []
    assert agent.workspace_id in text


def test_a_rule_shows_what_it_would_do_while_it_is_written(page: Page, agent: Agent) -> None:
    for command in ("git log --oneline", "git log src", "npm test"):
        ask(agent, command)
    write_rule(page, "Bash", "git  log *")
    expect(effect(page)).to_contain_text("Written as git log *")
    expect(effect(page)).to_contain_text("It would have allowed 1 of the latest 3 requests:")
    expect(effect(page).get_by_role("listitem")).to_contain_text("git log src")
    page.get_by_role("textbox", name="Try an input").fill("git log docs")
    expect(effect(page)).to_contain_text("would be allowed without asking")
    page.get_by_role("textbox", name="Try an input").fill(command_input("git push"))
    expect(effect(page)).to_contain_text("would still ask")
    write_rule(page, "Bash", "git status")
    expect(effect(page)).to_contain_text("none of the latest 3 requests")


def test_a_pattern_that_no_rule_may_have_says_what_to_write_instead(page: Page) -> None:
    pattern = page.get_by_role("textbox", name="Pattern")
    write_rule(page, "Bash", "sudo *")
    expect(pattern).to_have_accessible_description(re.compile("write it out in full, without"))
    page.get_by_role("button", name="Add rule").click()
    refusal = page.locator("#rules").get_by_role("alert")
    expect(refusal).to_contain_text("write it out in full, without")
    expect(pattern).to_have_value("sudo *")
    pattern.fill("sudo ls")
    expect(refusal).to_have_count(0)


def test_a_rule_that_is_removed_comes_back_with_undo(page: Page, person: Person, workspace_id: str) -> None:
    write_rule(page, "Bash", "npm test")
    page.get_by_role("button", name="Add rule").click()
    rules = page.get_by_role("list", name="Permission rules").get_by_role("listitem")
    expect(rules).to_contain_text("npm test")
    page.get_by_role("button", name="Remove Bash npm test").click()
    expect(rules).to_have_count(0)
    notes(page).get_by_role("button", name="Undo").click()
    expect(rules).to_have_count(1)
    stored = person.ask("GET", f"/api/workspaces/{workspace_id}/permission_rules")["items"]
    assert [(rule["tool_name"], rule["pattern"]) for rule in stored] == [("Bash", "npm test")]


def test_a_token_that_expires_soon_is_told_of_in_good_time(page: Page, person: Person, workspace_id: str) -> None:
    expect(page.get_by_text("No agent can connect")).to_be_visible()
    person.generate_token(workspace_id, "lives long")
    item = page.get_by_role("list", name="Active tokens").get_by_role("listitem", name="lives long")
    expect(item).to_be_visible()
    expect(page.get_by_role("link", name="Rotate it")).to_have_count(0)
    with configured(token_lifetime=4 * DAY):
        person.generate_token(workspace_id, "dies soon")
    expect(page.get_by_text("The token dies soon expires in")).to_be_visible()
    expect(places(page)).to_contain_text("Token expires")
    soon = page.get_by_role("list", name="Active tokens").get_by_role("listitem", name="dies soon")
    soon.get_by_role("button", name="Rotate").click()
    soon.get_by_role("button", name="Rotate now").click()
    expect(page.get_by_role("group", name=".mcp.json")).to_be_visible()
    expect(page.get_by_role("link", name="Rotate it")).to_have_count(0)
    expect(places(page)).not_to_contain_text("Token expires")


def test_a_link_leads_to_its_section_and_the_keyboard_goes_on_there(page: Page, workspace_id: str) -> None:
    open_place(page, "/")
    page.goto(f"/w/{workspace_id}/settings#rules")
    heading = page.get_by_role("heading", name="Permission rules")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Connect").click()
    expect(page.get_by_role("heading", name="Connect an agent")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Token name")).to_be_focused()


def test_archiving_is_taken_back_with_undo(page: Page, person: Person, workspace_id: str) -> None:
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_role("textbox", name="Workspace name")).to_be_disabled()
    notes(page).get_by_role("button", name="Undo").click()
    expect(page.get_by_role("textbox", name="Workspace name")).to_be_enabled()
    path = f"/api/workspaces/{workspace_id}"
    eventually(lambda: person.ask("GET", path)["archived_at"] is None, "restoring")


@pytest.mark.parametrize(
    ("words", "field"),
    [("generate a token", "Token name"), ("permission rule", "Tool name"), ("delete workspace", "Type ")],
)
def test_the_palette_leads_to_what_can_be_done_here(page: Page, words: str, field: str) -> None:
    expect(page.get_by_role("textbox", name="Token name")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.locator("dialog[open] input")).to_be_focused()
    page.keyboard.type(words)
    page.get_by_role("option", name=re.compile(words, re.IGNORECASE)).first.click()
    expect(page.get_by_role("textbox", name=field)).to_be_focused()
