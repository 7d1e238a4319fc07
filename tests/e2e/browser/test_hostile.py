"""Whatever agents and people write, wherever it is shown: it stays words, in their place, and can be read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.watch import Watch
from tests.e2e.browser.windows import enter, listed, open_place, thread
from tests.support.clients import Agent, Person
from tests.support.hostile import EMBEDDED, FILES, HANDLERS, HIDING, MARKDOWN, MUTATING, SCRIPTS
from tests.support.hostile_world import HostileWorld, hostile_world

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def world(program: Program) -> HostileWorld:
    return hostile_world(program.url)


@pytest.fixture
def watched(new_window: NewWindow, program: Program, world: HostileWorld) -> tuple[Page, Watch]:
    page = new_window()
    watch = Watch(page.context, program.url)
    return enter(page, world.person), watch


def waiting_articles(page: Page, world: HostileWorld) -> None:
    expect(page.get_by_role("main").get_by_role("article").nth(len(world.titles) - 1)).to_be_attached()


def said(page: Page, world: HostileWorld) -> None:
    expect(thread(page).get_by_text(MARKDOWN[-3][:100]).last).to_be_attached()


def files_listed(page: Page, world: HostileWorld) -> None:
    expect(page.get_by_text("drawing.svg").first).to_be_visible()


def headed(page: Page, world: HostileWorld) -> None:
    expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible()


def listed_tasks(page: Page, world: HostileWorld) -> None:
    expect(page.get_by_role("list", name="Tasks").get_by_role("link").nth(10)).to_be_attached()


def settings_there(page: Page, world: HostileWorld) -> None:
    expect(page.get_by_role("list", name="Active tokens").get_by_role("listitem").nth(20)).to_be_attached()
    expect(page.get_by_role("list", name="Permission rules").get_by_role("listitem").nth(5)).to_be_attached()


Arrived = Callable[[Page, HostileWorld], None]
VIEWS: dict[str, tuple[Callable[[HostileWorld], str], Arrived]] = {
    "needs me": (lambda world: "/", waiting_articles),
    "list": (lambda world: f"{world.path}?status=all", listed_tasks),
    "board": (lambda world: f"{world.path}?view=board", headed),
    "thread": (lambda world: f"{world.path}/t/{world.thread}", said),
    "files": (lambda world: f"{world.path}/t/{world.files}", files_listed),
    "settings": (lambda world: f"{world.path}/settings", settings_there),
    "workspaces": (lambda world: "/workspaces", headed),
    "personal": (lambda world: "/settings", headed),
}


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_hostile_lives_or_breaks_out_of_its_place(
    watched: tuple[Page, Watch], world: HostileWorld, view: str
) -> None:
    page, watch = watched
    path, arrived = VIEWS[view]
    open_place(page, path(world))
    arrived(page, world)
    assert watch.found(page) == []
    page.set_viewport_size(PHONE)
    assert watch.found(page) == []


def test_hostile_titles_are_read_as_they_were_written(watched: tuple[Page, Watch], world: HostileWorld) -> None:
    page, watch = watched
    for title in (SCRIPTS[7], HANDLERS[0], EMBEDDED[0], MUTATING[0], HIDING[2]):
        open_place(page, f"{world.path}?status=all&q={quote(title)}")
        listed(page, title).first.click()
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
        assert title in page.title()
        assert watch.found(page) == []


def test_what_is_hostile_and_arrives_while_the_page_is_open_stays_words_too(
    watched: tuple[Page, Watch], world: HostileWorld, program: Program
) -> None:
    page, watch = watched
    agent = Agent(program.url, world.workspace_id, world.secret).initialize()
    task = agent.call("createTask", title="Quiet so far", body="", assignee="human")["task_id"]
    inbox = page.context.new_page()
    open_place(inbox, "/")
    open_place(page, f"{world.path}/t/{task}")
    for text in MARKDOWN[::4]:
        agent.call("reply", chat_id=task, text=text)
    asked = {"request_id": "live", "tool_name": SCRIPTS[0], "description": SCRIPTS[0], "input_preview": SCRIPTS[0]}
    agent.notify("notifications/claude/channel/permission_request", asked | {"task_id": task})
    expect(thread(page).get_by_role("group", name=SCRIPTS[0])).to_be_visible()
    expect(inbox.get_by_role("article", name="Quiet so far").last).to_be_attached()
    assert watch.found(page) + watch.found(inbox) == []


def test_hostile_addresses_and_searches_are_only_looked_up(watched: tuple[Page, Watch], world: HostileWorld) -> None:
    page, watch = watched
    for hostile in (SCRIPTS[7], "%00%ff javascript:harmed()"):
        word = quote(hostile, safe="%")
        query = f"q={word}&status={word}&assignee={word}&view={word}"
        for path in (f"/{word}", f"/w/{word}", f"{world.path}/t/{word}", f"{world.path}?{query}#{word}"):
            page.goto(path)
            expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible()
            assert watch.found(page) == []
        page.keyboard.press("ControlOrMeta+k")
        page.get_by_role("dialog").get_by_role("combobox").fill(hostile)
        expect(page.get_by_role("dialog")).to_be_visible()
        assert watch.found(page) == []


@pytest.mark.parametrize(
    "next",
    [
        "javascript:harmed()",
        "//evil.example/",
        "https://evil.example/",
        "\\\\evil.example",
        "/\\evil.example",
        "data:,x",
    ],
)
def test_signing_in_never_leads_away_from_here(new_window: NewWindow, program: Program, next: str) -> None:
    page = new_window()
    watch = Watch(page.context, program.url)
    page.goto(f"/signin?next={quote(next, safe='')}")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("link", name="Needs me").first).to_be_visible()
    assert watch.signs == []


def test_hostile_files_are_shown_as_text_or_not_at_all(watched: tuple[Page, Watch], world: HostileWorld) -> None:
    page, watch = watched
    open_place(page, f"{world.path}/t/{world.files}")
    files_listed(page, world)
    for name, mime_type, content in FILES:
        button = page.get_by_role("button", name=f"Preview {name}", exact=True)
        if mime_type not in {"text/plain", "text/markdown", "application/json"}:
            expect(button).to_have_count(0)
            continue
        button.click()
        preview = page.get_by_role("dialog")
        expect(preview).to_contain_text(content[-20:].strip())
        assert watch.found(page) == []
        page.keyboard.press("Escape")
        expect(preview).to_have_count(0)


def test_menus_questions_and_notes_about_something_hostile_hold_it_too(
    watched: tuple[Page, Watch], program: Program, world: HostileWorld
) -> None:
    page, watch = watched
    person = Person(program.url, world.name)
    task = person.create_task(world.workspace_id, EMBEDDED[9])["id"]
    at = f"/api/workspaces/{world.workspace_id}/tasks/{task}"
    open_place(page, f"{world.path}/t/{task}")
    page.get_by_role("combobox", name="Status").select_option("ongoing")
    expect(page.get_by_text("Moved to ongoing").first).to_be_visible()
    page.get_by_role("button", name="Delete task").click()
    assert watch.found(page) == []
    page.keyboard.press("Escape")
    page.route(f"**{at}", lambda route: route.fulfill(status=409, json={"detail": SCRIPTS[0], "code": "busy"}))
    page.get_by_role("combobox", name="Status").select_option("completed")
    expect(page.get_by_text("stays as it was").first).to_contain_text(EMBEDDED[9])
    assert watch.found(page) == []


@pytest.mark.parametrize("name", ["drawing.svg", "page.html", "page.xhtml", "page.xml", "script.js"])
def test_a_hostile_file_that_is_opened_by_its_address_is_downloaded(
    watched: tuple[Page, Watch], world: HostileWorld, name: str
) -> None:
    page, watch = watched
    open_place(page, f"{world.path}/t/{world.files}")
    address = page.get_by_role("link", name=name).first.get_attribute("href")
    with page.expect_download() as download:
        page.evaluate("(address) => window.location.assign(address)", address)
    assert download.value.suggested_filename == name
    assert watch.signs == []


def test_the_watch_sees_what_a_page_without_care_would_do(chromium: Browser, program: Program) -> None:
    with closing(chromium.new_context(base_url=program.url)) as context:
        page = context.new_page()
        watch = Watch(context, program.url)
        staying = "".join(one for one in HANDLERS + EMBEDDED if "refresh" not in one)
        page.route("**/careless", lambda route: route.fulfill(content_type="text/html", body=staying))
        page.goto("/careless")
        signs = "\n".join(watch.found(page))
    for sign in ("harmed() ran", "asked for https://evil.example", "does something", "must not be here", "leads"):
        assert sign in signs
