"""The main job, by clicking: a person connects an agent, it asks, the person answers, and it goes on."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Page, expect

from chalicelib.onebox.program import Program
from tests.support.clients import Agent
from tests.support.waiting import eventually

Window = Callable[[], Page]
SignIn = Callable[[Page], Page]


def create_workspace(page: Page, name: str) -> str:
    """Returns its id, as the address bar has it."""
    page.get_by_role("button", name="New workspace").first.click()
    page.get_by_role("textbox", name="Workspace name").fill(name)
    page.get_by_role("button", name="Create workspace").click()
    page.wait_for_url("**/w/*")
    return page.url.rpartition("/")[2]


def connect_agent(page: Page, program: Program) -> Agent:
    """Generate a token in the settings, and connect with exactly what the page says to paste."""
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("textbox", name="Token name").fill("laptop")
    page.get_by_role("button", name="Generate token").click()
    block = page.get_by_role("group", name=".mcp.json")
    server = json.loads(block.locator("pre").inner_text())["mcpServers"]["handrail"]
    assert server["url"].startswith(program.url)
    secret = server["headers"]["Authorization"].removeprefix("Bearer ")
    agent = Agent(program.url, server["url"].rpartition("/")[2], secret).initialize()
    expect(page.locator("#connect")).to_contain_text("connected", ignore_case=True)
    return agent


def test_an_agent_asks_and_a_person_answers_in_the_browser_with_two_windows_side_by_side(
    new_window: Window, sign_in: SignIn, program: Program
) -> None:
    desk, phone = sign_in(new_window()), sign_in(new_window())
    workspace_id = create_workspace(desk, "story")
    agent = connect_agent(desk, program)
    desk.goto(f"/w/{workspace_id}")
    phone.goto("/")

    with ThreadPoolExecutor() as background:
        asked = agent.call("createTask", title="Which database?", body="**Postgres** or SQLite?", assignee="human")
        waiting = background.submit(agent.call, "waitForReply", task_id=asked["task_id"])
        expect(phone.get_by_role("article", name="Which database?")).to_be_visible()
        desk.get_by_role("link", name="Which database?").first.click()
        expect(desk.get_by_role("heading", name="Which database?")).to_be_visible()
        expect(desk.locator("strong", has_text="Postgres")).to_be_visible()

        desk.get_by_role("textbox", name="Reply").fill("SQLite, we are on one machine.")
        desk.get_by_role("button", name="Send").click()
        answer = waiting.result(timeout=30)

    assert (answer["status"], answer["text"]) == ("answered", "SQLite, we are on one machine.")
    expect(phone.get_by_role("article", name="Which database?")).to_have_count(0)
    agent.call("reply", chat_id=asked["task_id"], text="Done: it is SQLite.")
    expect(desk.get_by_role("log", name="Thread")).to_contain_text("Done: it is SQLite.")
    agent.call("updateTaskStatus", task_id=asked["task_id"], status="completed")
    expect(desk.get_by_role("combobox", name="Status")).to_contain_text("Completed")


def test_a_person_sees_the_exact_command_and_allows_it_always(
    new_window: Window, sign_in: SignIn, program: Program
) -> None:
    page = sign_in(new_window())
    workspace_id = create_workspace(page, "approvals")
    agent = connect_agent(page, program)
    page.goto("/")
    command = json.dumps({"command": "git status --short"})

    with ThreadPoolExecutor() as background:
        asked = background.submit(
            agent.call, "requestPermission", tool_name="Bash", description="Look at the tree", input=command
        )
        card = page.get_by_role("group", name="Permission: Bash").last
        expect(card).to_contain_text("git status --short")
        expect(card).to_contain_text("writes this rule: git status --short")
        card.get_by_role("button", name="Always allow").click()
        verdict = asked.result(timeout=30)

    assert (verdict["status"], verdict["behavior"]) == ("decided", "allow")
    again = agent.call("requestPermission", tool_name="Bash", description="Again", input=command)
    assert again["behavior"] == "allow"
    page.goto(f"/w/{workspace_id}/settings")
    expect(page.get_by_role("list", name="Permission rules")).to_contain_text("git status --short")


def test_a_denial_reaches_the_agent_with_its_reason(new_window: Window, sign_in: SignIn, program: Program) -> None:
    page = sign_in(new_window())
    create_workspace(page, "denials")
    agent = connect_agent(page, program)
    page.goto("/")

    with ThreadPoolExecutor() as background:
        command = json.dumps({"command": "rm -rf build && make"})
        asked = background.submit(
            agent.call, "requestPermission", tool_name="Bash", description="Clean", input=command
        )
        card = page.get_by_role("group", name="Permission: Bash").last
        expect(card.get_by_role("button", name="Always allow")).to_have_count(0)
        card.get_by_role("textbox", name="Reason for denying").fill("Not before the release.")
        card.get_by_role("button", name="Deny").click()
        verdict = asked.result(timeout=30)

    assert (verdict["behavior"], verdict["reason"]) == ("deny", "Not before the release.")


def test_a_revoked_token_shuts_the_agent_out_and_the_page_says_so(
    new_window: Window, sign_in: SignIn, program: Program
) -> None:
    page = sign_in(new_window())
    create_workspace(page, "revocation")
    agent = connect_agent(page, program)
    stream = agent.stream()
    tokens = page.get_by_role("list", name="Active tokens")
    tokens.get_by_role("button", name="Revoke").click()
    tokens.get_by_role("group", name="Revoke").get_by_role("button", name="Revoke").first.click()
    stream.wait_until_closed()
    assert agent.post("tools/list").status_code == 401
    expect(tokens.get_by_role("listitem")).to_have_count(0)


def test_signing_out_elsewhere_shows_the_door_at_once(new_window: Window, sign_in: SignIn) -> None:
    page = sign_in(new_window())
    workspace_id = create_workspace(page, "leaving")
    other = page.context.new_page()
    other.goto(f"/w/{workspace_id}")
    other.get_by_role("button", name="Sign out").click()
    other.get_by_role("button", name="Continue").wait_for()
    page.get_by_role("button", name="Continue").wait_for()


def test_hostile_words_of_an_agent_stay_words(new_window: Window, sign_in: SignIn, program: Program) -> None:
    page = sign_in(new_window())
    create_workspace(page, "hostile")
    agent = connect_agent(page, program)
    title = "<script>window.harmed = 1</script>"
    body = "\n\n".join(
        [
            "<img src=x onerror='window.harmed = 1'>",
            "<svg onload='window.harmed = 1'></svg>",
            "[click](javascript:window.harmed=1)",
            "<iframe srcdoc='<script>parent.harmed = 1</script>'></iframe>",
            "![beacon](https://example.com/pixel.png)",
            "It is **safe**.",
        ]
    )
    task = agent.call("createTask", title=title, body=body, assignee="human")
    page.goto(f"/w/{agent.workspace_id}/t/{task['task_id']}")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator("strong", has_text="safe")).to_be_visible()
    assert page.evaluate("window.harmed") is None
    for selector in ("iframe", "svg[onload]", "img[onerror]", "a[href^='javascript']", "img[src^='https']"):
        expect(page.locator(selector)).to_have_count(0)


def test_what_is_missed_while_the_program_of_the_page_is_away_is_there_when_it_returns(
    new_window: Window, sign_in: SignIn, program: Program
) -> None:
    page = sign_in(new_window())
    workspace_id = create_workspace(page, "offline")
    agent = connect_agent(page, program)
    page.goto(f"/w/{workspace_id}")
    expect(page.get_by_role("status", name="Connection")).to_contain_text("Live")
    page.context.set_offline(True)
    agent.call("createTask", title="Made while you were away", body="", assignee="human")
    page.context.set_offline(False)
    expect(page.get_by_role("link", name="Made while you were away").first).to_be_visible()


def test_files_travel_both_ways(new_window: Window, sign_in: SignIn, program: Program, tmp_path: Path) -> None:
    page = sign_in(new_window())
    create_workspace(page, "files")
    agent = connect_agent(page, program)
    picture = {"filename": "plan.svg", "mime_type": "image/svg+xml", "data": "PHN2Zy8+"}
    task = agent.call("createTask", title="Look at this", body="", assignee="human", attachments=[picture])
    page.goto(f"/w/{agent.workspace_id}/t/{task['task_id']}")
    with page.expect_download() as download:
        page.get_by_role("link", name="plan.svg").click()
    assert download.value.path().read_bytes() == b"<svg/>"

    (tmp_path / "notes.txt").write_text("from the person")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(tmp_path / "notes.txt")
    page.get_by_role("textbox", name="Reply").fill("See the notes.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log", name="Thread")).to_contain_text("notes.txt")
    # It is shown at once, and then sent.
    messages = eventually(lambda: agent.call("getTaskMessages", task_id=task["task_id"])["messages"])
    sent = messages[-1]["attachments"][0]
    got = agent.call("downloadAttachment", task_id=task["task_id"], attachment_id=sent["id"])
    assert (got["filename"], base64.b64decode(got["data"])) == ("notes.txt", b"from the person")


def test_a_rule_made_by_hand_and_the_workspace_name_are_kept(new_window: Window, sign_in: SignIn) -> None:
    page = sign_in(new_window())
    workspace_id = create_workspace(page, "settings")
    page.goto(f"/w/{workspace_id}/settings")
    page.get_by_role("textbox", name="Tool name").fill("Bash")
    page.get_by_role("textbox", name="Pattern").fill("npm test *")
    page.get_by_role("button", name="Add rule").click()
    rules = page.get_by_role("list", name="Permission rules")
    expect(rules).to_contain_text("npm test *")
    general = page.locator("#general")
    general.get_by_role("textbox", name="Workspace name").fill("renamed")
    general.get_by_role("button", name="Save").click()
    expect(page.get_by_role("navigation", name="Places")).to_contain_text("renamed")
    page.reload()
    expect(rules).to_contain_text("npm test *")
    expect(general.get_by_role("textbox", name="Workspace name")).to_have_value("renamed")


def test_a_workspace_is_deleted_only_by_typing_its_name(new_window: Window, sign_in: SignIn) -> None:
    page = sign_in(new_window())
    workspace_id = create_workspace(page, "short-lived")
    page.goto(f"/w/{workspace_id}/settings")
    button = page.get_by_role("button", name="Delete workspace")
    expect(button).to_be_disabled()
    page.locator("#end").get_by_role("textbox").fill("short-lived")
    button.click()
    page.wait_for_url(lambda url: workspace_id not in url)
    expect(page.get_by_role("navigation", name="Places")).not_to_contain_text("short-lived")
    assert page.request.get(f"/api/workspaces/{workspace_id}").status == 404
