"""What is around every view: moving between them, the keyboard, the palette, notes, themes, and the phone's bar."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import connection, enter, hold, open_place, places, without_service_worker
from tests.support.clients import Person
from tests.support.waiting import eventually

WORKSPACES_CODE = re.compile(r"/assets/Workspaces-[^/]+\.js")
NOTICES_CODE = re.compile(r"/assets/Notices-[^/]+\.js")
FOCUS_CODE = re.compile(r"/assets/keep-focus-[^/]+\.js")
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def owner(program: Program, request: pytest.FixtureRequest) -> Person:
    """Somebody new, who has nothing yet."""
    return Person(program.url, request.node.name)


@pytest.fixture
def page(new_window: NewWindow, owner: Person) -> Page:
    return enter(new_window(), owner)


def focused(page: Page) -> str:
    name: str = page.evaluate("document.activeElement.textContent.trim()")
    return name


def palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find anything")).to_be_focused()


@pytest.fixture
def bare_page(page: Page) -> Page:
    return without_service_worker(page)


def test_a_view_stays_until_the_code_of_the_next_one_is_there(bare_page: Page) -> None:
    page = bare_page
    release = hold(page, WORKSPACES_CODE)
    open_place(page, "/")
    places(page).get_by_role("link", name="Workspaces").click()
    expect(page.get_by_role("main")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("heading", level=1)).to_have_text("Needs me")
    page.wait_for_url("**/workspaces")
    release()
    expect(page.get_by_role("heading", level=1)).to_have_text("Workspaces")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_a_view_that_came_under_a_dialog_has_the_keyboard_when_the_dialog_is_closed(bare_page: Page) -> None:
    page = bare_page
    release = hold(page, WORKSPACES_CODE)
    open_place(page, "/")
    places(page).get_by_role("link", name="Workspaces").press("Enter")
    page.evaluate("document.activeElement.blur()")
    palette(page)
    release()
    expect(page.get_by_role("heading", level=1, include_hidden=True)).to_have_text("Workspaces")
    expect(page.get_by_role("combobox", name="Find anything")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_code_that_is_not_there_any_more_is_a_page_that_says_what_to_do(bare_page: Page) -> None:
    page = bare_page
    # As a server answers after an update: the page, for an address that it does not know.
    page.route(WORKSPACES_CODE, lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
    open_place(page, "/")
    places(page).get_by_role("link", name="Workspaces").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This page could not be loaded")
    places(page).get_by_role("link", name="Needs me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Needs me")
    page.unroute(WORKSPACES_CODE)
    page.goto("/workspaces")
    expect(page.get_by_role("heading", level=1)).to_have_text("Workspaces")


def test_everything_is_reached_by_keys_alone(page: Page, owner: Person) -> None:
    ids = [owner.create_workspace(name)["id"] for name in ("first", "second")]
    open_place(page, "/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert focused(page) == "Needs me"
    for keys, path in (
        ("gw", "/workspaces"),
        ("gp", "/settings"),
        ("gi", "/"),
        ("]", f"/w/{ids[0]}"),
        ("]", f"/w/{ids[1]}"),
    ):
        page.keyboard.type(keys)
        page.wait_for_url(f"**{path}")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_contain_text("Previous workspace")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="New task")).to_be_visible()


def test_the_palette_goes_to_places_and_finds_tasks_by_what_they_say(page: Page, owner: Person) -> None:
    workspace_id = owner.create_workspace("shop")["id"]
    task = owner.create_task(workspace_id, "Upgrade the library", body="It drops the old webhooks.")
    open_place(page, "/")
    palette(page)
    page.keyboard.type("shop tok")
    expect(page.get_by_role("option", selected=True)).to_contain_text("shop: tokens")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/w/{workspace_id}/settings#tokens")
    palette(page)
    expect(page.get_by_role("group", name="Recent").get_by_role("option")).to_contain_text("shop: tokens")
    page.keyboard.type("webhooks")
    expect(page.get_by_role("listbox", name="Results").get_by_role("option", selected=True)).to_contain_text(
        "Upgrade the library"
    )
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("1 result")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/t/{task['id']}")


def test_a_new_task_from_anywhere_asks_where(page: Page, owner: Person) -> None:
    for name in ("shop", "site"):
        owner.create_workspace(name)
    open_place(page, "/")
    page.keyboard.press("c")
    expect(page.get_by_role("option")).to_have_text(["shop", "site"])
    page.keyboard.type("site")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Title").fill("Made from anywhere")
    page.get_by_role("button", name="Create task").click()
    expect(page.get_by_role("heading", name="Made from anywhere")).to_be_visible()


def test_what_arrives_is_announced_once_and_counted_in_the_title(page: Page, owner: Person) -> None:
    workspace_id = owner.create_workspace("shop")["id"]
    agent = owner.agent(workspace_id, "claude").initialize()
    open_place(page, "/workspaces")
    news = page.locator("[aria-live=polite]:not([role])")
    owner.create_task(workspace_id, "My own", assignee="human")
    expect(page).to_have_title("(1) Workspaces · Handrail")
    agent.call("createTask", title="Which region?", body="EU or US?", assignee="human")
    expect(page).to_have_title("(2) Workspaces · Handrail")
    expect(news).to_have_text("New for you: “Which region?” in shop")


def test_an_archived_workspace_comes_back_and_goes_again_by_undo(page: Page, owner: Person) -> None:
    workspace_id = owner.create_workspace("old")["id"]
    owner.ask("PUT", f"/api/workspaces/{workspace_id}/archive")
    open_place(page, "/workspaces")
    page.get_by_role("button", name="Restore old").press("Enter")
    expect(places(page)).to_contain_text("old")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Restore old")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_the_keyboard_is_found_again_by_what_watches_over_it_and_comes_late(bare_page: Page, owner: Person) -> None:
    page = bare_page
    release = hold(page, FOCUS_CODE)
    workspace_id = owner.create_workspace("old")["id"]
    owner.ask("PUT", f"/api/workspaces/{workspace_id}/archive")
    open_place(page, "/workspaces")
    page.get_by_role("button", name="Restore old").press("Enter")
    expect(page.get_by_role("button", name="Restore old")).to_have_count(0)
    assert page.evaluate("document.activeElement === document.body")
    release()
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_what_says_what_happened_comes_with_the_network_if_it_did_not_come_before(bare_page: Page) -> None:
    page = bare_page
    page.route(NOTICES_CODE, lambda route: route.abort())
    with page.expect_event("requestfailed"):
        open_place(page, "/")
    notes = page.get_by_role("status", name="Updates")
    expect(notes).to_have_count(0)
    page.unroute_all()
    page.context.set_offline(True)
    expect(connection(page)).not_to_contain_text("Live")
    page.context.set_offline(False)
    expect(connection(page)).to_contain_text("Live")
    expect(notes).to_have_count(1)


def test_a_theme_is_there_before_the_page_is(bare_page: Page) -> None:
    page = bare_page
    page.emulate_media(color_scheme="light")
    open_place(page, "/settings")
    page.get_by_role("radio", name="Dark").check()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != "rgb(255, 255, 255)"
    # Without the code of the page there is what was there before it.
    page.route(re.compile(r"/assets/.+\.js"), lambda route: route.abort())
    page.reload(wait_until="domcontentloaded")
    assert page.evaluate("document.getElementById('app').childElementCount") == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_going_back_is_to_where_one_was(page: Page, owner: Person) -> None:
    for number in range(40):
        owner.create_workspace(f"project {number:02}")
    open_place(page, "/workspaces")
    last = page.get_by_role("main").get_by_role("link", name="project 39")
    last.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 0
    last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("project 39")
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Workspaces")
    eventually(lambda: page.evaluate("scrollY") == before, "scrolling back")


def test_the_current_one_of_many_workspaces_is_in_view(page: Page, owner: Person) -> None:
    ids = [owner.create_workspace(f"project {number:02}")["id"] for number in range(60)]
    open_place(page, f"/w/{ids[-1]}")
    current = places(page).locator("[aria-current=page]")
    expect(current).to_have_text("project 59")
    expect(current).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="New workspace")).to_be_in_viewport(ratio=1)


def test_on_a_phone_everything_is_in_the_thumbs_reach(page: Page, owner: Person) -> None:
    owner.create_workspace("shop")
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    open_place(page, "/")
    bar = places(page)
    bar.get_by_role("link", name="Workspaces").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Workspaces")
    bar.get_by_role("button", name="Find").click()
    expect(page.get_by_role("combobox", name="Find anything")).to_be_focused()
    page.get_by_role("button", name="Close").click()
    bar.get_by_role("button", name="Menu").click()
    menu = page.get_by_role("dialog", name="Menu")
    menu.get_by_role("link", name="shop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop")
    expect(menu).to_be_hidden()
    for control in bar.locator("a, button").all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 44
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_phone_says_that_it_is_offline_only_while_it_is(page: Page) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    open_place(page, "/")
    page.context.set_offline(True)
    expect(connection(page)).to_contain_text("Reconnecting")
    page.context.set_offline(False)
    expect(connection(page)).to_contain_text("Live")
