"""Tasks on a board and in a list: moved by pointer, by keyboard and by menu, found, chosen, made and deleted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import enter, open_place
from tests.support.clients import Person


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name=name)


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=title, exact=True))


def titles(page: Page, name: str) -> list[str]:
    return column(page, name).locator("[data-control=open]").all_inner_texts()


def expect_titles(page: Page, name: str, *wanted: str) -> None:
    expect(column(page, name).locator("[data-control=open]")).to_have_text(list(wanted))


def expect_focus(page: Page, title: str) -> None:
    expect(page.get_by_role("link", name=title, exact=True)).to_be_focused()


def announcement(page: Page) -> Locator:
    return page.locator("[aria-live=polite].unseen")


def drag(page: Page, what: Locator, to: Locator, at: str = "middle") -> None:
    """As a person does it: press, move a little, move there, let go."""
    start, end = what.bounding_box(), to.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + start["width"] / 2 + 8, start["y"] + start["height"] / 2 + 8, steps=3)
    down = {"top": 3.0, "middle": end["height"] / 2, "bottom": end["height"] - 3}[at]
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + down, steps=8)


@pytest.fixture
def tasks(person: Person, workspace_id: str) -> dict[str, Any]:
    """Three not begun, two under way."""
    names = ("alpha", "beta", "gamma", "delta", "epsilon")
    made = {title: person.create_task(workspace_id, title) for title in names}
    for title in ("delta", "epsilon"):
        set_status(person, workspace_id, made[title]["id"], "ongoing")
    return made


def set_status(person: Person, workspace_id: str, task_id: str, status: str) -> None:
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task_id}", json={"status": status})


def stored(person: Person, workspace_id: str, task: Any) -> Any:
    return person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{task['id']}")


@pytest.fixture
def board(new_window: NewWindow, person: Person, workspace_id: str, tasks: dict[str, Any]) -> Page:
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}?view=board")
    expect_titles(page, "Not started", "alpha", "beta", "gamma")
    expect_titles(page, "Ongoing", "delta", "epsilon")
    return page


def test_a_card_is_dragged_to_another_column_and_stays_there(
    board: Page, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    drag(board, card(board, "beta"), card(board, "epsilon"), "top")
    board.mouse.up()
    expect_titles(board, "Ongoing", "delta", "beta", "epsilon")
    expect_titles(board, "Not started", "alpha", "gamma")
    expect_focus(board, "beta")
    board.reload()
    expect_titles(board, "Ongoing", "delta", "beta", "epsilon")
    assert stored(person, workspace_id, tasks["beta"])["status"] == "ongoing"


def test_a_card_is_dragged_within_its_column(board: Page) -> None:
    drag(board, card(board, "gamma"), card(board, "alpha"), "top")
    board.mouse.up()
    expect_titles(board, "Not started", "gamma", "alpha", "beta")
    drag(board, card(board, "gamma"), card(board, "beta"), "bottom")
    board.mouse.up()
    expect_titles(board, "Not started", "alpha", "beta", "gamma")


def test_only_columns_that_a_card_may_go_to_take_it(board: Page) -> None:
    drag(board, card(board, "delta"), column(board, "Not started"))
    expect(board.locator("section.refuses", has=column(board, "Not started"))).to_be_visible()
    expect(board.locator("section.takes", has=column(board, "Blocked"))).to_be_visible()
    board.mouse.up()
    expect(board.locator("section.takes")).to_have_count(0)
    expect_titles(board, "Ongoing", "delta", "epsilon")


def test_cards_are_put_between_two_others_more_often_than_numbers_fit(board: Page) -> None:
    for _ in range(24):
        first, second, third = titles(board, "Not started")
        board.get_by_role("link", name=third, exact=True).focus()
        board.keyboard.press("Shift+ArrowUp")
        expect_titles(board, "Not started", first, third, second)
    settled = titles(board, "Not started")
    board.reload()
    expect_titles(board, "Not started", *settled)


def test_a_card_moves_by_keyboard_and_takes_the_focus_along(
    board: Page, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    board.get_by_role("link", name="alpha", exact=True).focus()
    board.keyboard.press("Shift+ArrowDown")
    expect_titles(board, "Not started", "beta", "alpha", "gamma")
    expect(announcement(board)).to_have_text("Moved to Not started, position 2 of 3")
    expect_focus(board, "alpha")
    board.keyboard.press("Alt+ArrowRight")
    expect_titles(board, "Ongoing", "alpha", "delta", "epsilon")
    expect(announcement(board)).to_have_text("Moved to Ongoing, position 1 of 3")
    expect_focus(board, "alpha")
    board.keyboard.press("Shift+ArrowLeft")
    expect(announcement(board)).to_have_text("From Ongoing it cannot move to the left")
    board.keyboard.press("Shift+End")
    expect_titles(board, "Ongoing", "delta", "epsilon", "alpha")
    expect_focus(board, "alpha")
    board.reload()
    expect_titles(board, "Ongoing", "delta", "epsilon", "alpha")


def test_arrows_go_from_card_to_card_and_tab_past_all_of_them(board: Page) -> None:
    board.get_by_role("link", name="alpha", exact=True).focus()
    for key, title in (
        ("ArrowDown", "beta"),
        ("End", "gamma"),
        ("ArrowDown", "gamma"),
        ("Home", "alpha"),
        ("ArrowRight", "delta"),
        ("ArrowDown", "epsilon"),
        ("ArrowLeft", "beta"),
        ("k", "alpha"),
        ("j", "beta"),
    ):
        board.keyboard.press(key)
        expect_focus(board, title)
    board.keyboard.press("Shift+Tab")
    expect(board.locator("[data-board] :focus")).to_have_count(0)
    board.keyboard.press("Tab")
    expect_focus(board, "beta")
    board.keyboard.press("Enter")
    expect(board.get_by_role("heading", name="beta")).to_be_visible()


def test_the_menu_of_a_card_moves_it_and_gives_the_focus_back(board: Page) -> None:
    board.get_by_role("link", name="beta", exact=True).focus()
    board.keyboard.press("m")
    menu = board.get_by_role("menu", name="Move to…")
    expect(menu.get_by_role("menuitem", name="Ongoing")).to_be_focused()
    expect(menu.get_by_role("menuitem", name="Blocked")).to_have_count(0)
    board.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect_focus(board, "beta")
    board.keyboard.press("m")
    board.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitem", name="Completed")).to_be_focused()
    board.keyboard.press("Enter")
    expect_titles(board, "Completed", "beta")
    expect(announcement(board)).to_have_text("Moved to Completed, position 1 of 1")
    expect_focus(board, "beta")


def test_every_card_has_a_button_for_its_menu(board: Page) -> None:
    card(board, "gamma").hover()
    card(board, "gamma").get_by_role("button", name="Move to…").click()
    board.get_by_role("menuitem", name="Rejected").click()
    expect_titles(board, "Rejected", "gamma")
    expect_focus(board, "gamma")


def test_what_others_do_meanwhile_leaves_the_keyboard_where_it_is(
    board: Page, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    board.get_by_role("link", name="beta", exact=True).focus()
    set_status(person, workspace_id, tasks["alpha"]["id"], "ongoing")
    expect_titles(board, "Not started", "beta", "gamma")
    expect_focus(board, "beta")
    set_status(person, workspace_id, tasks["beta"]["id"], "ongoing")
    expect_titles(board, "Ongoing", "alpha", "beta", "delta", "epsilon")
    expect_focus(board, "beta")
    person.ask("DELETE", f"/api/workspaces/{workspace_id}/tasks/{tasks['beta']['id']}", 204)
    expect_titles(board, "Ongoing", "alpha", "delta", "epsilon")
    expect_focus(board, "delta")


def test_a_move_that_is_refused_goes_back_and_says_why(
    board: Page, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    board.context.set_offline(True)
    board.get_by_role("link", name="alpha", exact=True).focus()
    board.keyboard.press("Shift+ArrowRight")
    expect(board.get_by_role("alert").filter(has_text="“alpha” stays as it was.")).to_be_visible()
    expect_titles(board, "Not started", "alpha", "beta", "gamma")
    expect_focus(board, "alpha")


def test_what_was_moved_can_be_put_back(board: Page) -> None:
    drag(board, card(board, "delta"), column(board, "Completed"))
    board.mouse.up()
    expect_titles(board, "Completed", "delta")
    board.get_by_role("button", name="Undo").click()
    expect_titles(board, "Ongoing", "delta", "epsilon")


def test_several_are_chosen_and_moved_together_with_one_way_back(
    new_window: NewWindow, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}")
    rows = page.get_by_role("list", name="Tasks")
    expect(rows.locator("[data-control=open]")).to_have_text(["epsilon", "delta", "gamma", "beta", "alpha"])
    page.get_by_role("link", name="epsilon", exact=True).focus()
    page.keyboard.press("x")
    page.get_by_role("checkbox", name="Select gamma").click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected tasks")
    expect(bar).to_contain_text("3 selected")
    expect(announcement(page)).to_have_text("3 selected")
    page.keyboard.press("x")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Move to…").click()
    page.get_by_role("menuitem", name="Completed").click()
    expect(rows.locator("[data-control=open]")).to_have_text(["gamma", "beta", "alpha"])
    expect(bar).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(rows.locator("[data-control=open]")).to_have_text(["epsilon", "delta", "gamma", "beta", "alpha"])
    page.get_by_role("link", name="beta", exact=True).focus()
    page.keyboard.press("Control+a")
    expect(bar).to_contain_text("5 selected")
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)


def test_tasks_are_deleted_only_after_saying_what_goes_with_them(
    new_window: NewWindow, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    person.reply(workspace_id, tasks["beta"]["id"], "one word")
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}")
    page.get_by_role("link", name="beta", exact=True).focus()
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog", name="Delete this task?")
    expect(dialog).to_contain_text("Its thread goes too, 1 message")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("link", name="beta", exact=True)).to_be_visible()
    page.get_by_role("link", name="beta", exact=True).focus()
    page.keyboard.press("Delete")
    dialog.get_by_role("button", name="Delete task").click()
    expect(page.get_by_role("link", name="beta", exact=True)).to_have_count(0)
    expect_focus(page, "alpha")


def test_a_search_finds_what_is_here_at_once_and_the_rest_at_the_server(
    new_window: NewWindow, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search", exact=True)
    expect(search).to_be_focused()
    before = page.evaluate("history.length")
    page.keyboard.type("ta")
    expect(page.get_by_role("list", name="Tasks").locator("[data-control=open]")).to_have_text(["delta", "beta"])
    page.wait_for_url(re.compile(r"\?q=ta$"))
    assert page.evaluate("history.length") == before
    page.keyboard.press("ArrowDown")
    expect_focus(page, "delta")
    search.fill("nowhere")
    expect(page.get_by_text("No task matches what you look for.")).to_be_visible()
    page.get_by_role("link", name="Clear the filter").click()
    expect(search).to_have_value("")
    expect(page.get_by_role("link", name="alpha", exact=True)).to_be_visible()


def test_list_and_board_are_two_ways_to_see_the_same_and_the_address_says_which(board: Page) -> None:
    board.get_by_role("combobox", name="Assigned to").select_option("A person")
    expect(board.locator("[data-task]")).to_have_count(0)
    board.get_by_role("combobox", name="Assigned to").select_option("An agent")
    board.get_by_role("navigation", name="View").get_by_role("link", name="List").click()
    expect(board.get_by_role("list", name="Tasks").locator("[data-task]")).to_have_count(5)
    assert board.url.endswith("?assignee=agent")
    board.get_by_role("navigation", name="Filter by status").get_by_role("link", name="Ongoing").click()
    expect(board.get_by_role("list", name="Tasks").locator("[data-task]")).to_have_count(2)
    board.reload()
    expect(board.get_by_role("list", name="Tasks").locator("[data-task]")).to_have_count(2)
    board.go_back()
    board.go_back()
    expect_titles(board, "Ongoing", "delta", "epsilon")


def test_who_comes_back_from_a_task_finds_the_list_as_they_left_it(
    new_window: NewWindow, person: Person, workspace_id: str
) -> None:
    for number in range(60):
        person.create_task(workspace_id, f"task {number:02}")
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}")
    row = page.get_by_role("link", name="task 12", exact=True)
    row.focus()
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect_focus(page, "task 12")
    top = row.bounding_box()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="task 12").wait_for()
    page.go_back()
    expect_focus(page, "task 12")
    assert row.bounding_box() == top


def test_a_new_task_keeps_its_draft_and_takes_a_picture_from_the_clipboard(
    new_window: NewWindow, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}")
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="New task")
    dialog.get_by_role("textbox", name="Title").fill("zeta")
    dialog.get_by_role("textbox", name="Description").fill("It is **important**.")
    dialog.get_by_role("combobox", name="Assignee").select_option("Person")
    page.reload()
    expect(page.get_by_role("link", name="alpha", exact=True)).to_be_visible()
    page.keyboard.press("c")
    expect(dialog.get_by_role("textbox", name="Title")).to_have_value("zeta")
    expect(dialog.get_by_role("combobox", name="Assignee")).to_have_value("human")
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.locator("strong")).to_have_text("important")
    dialog.get_by_role("textbox", name="Title").evaluate(
        """field => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(9)], "image.png", {type: "image/png"}));
            field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }"""
    )
    expect(dialog.get_by_role("button", name=re.compile("^Remove Pasted .*png"))).to_be_visible()
    dialog.get_by_role("textbox", name="Title").press("Control+Enter")
    expect(page.get_by_role("heading", name="zeta")).to_be_visible()
    made = person.ask("GET", f"/api/workspaces/{workspace_id}/tasks", params={"q": "zeta"})["items"][0]
    assert (made["assignee"], made["body"]) == ("human", "It is **important**.")
    assert [one["mime_type"] for one in made["attachments"]] == ["image/png"]


def test_a_sub_task_shows_what_it_is_a_part_of(board: Page) -> None:
    board.get_by_role("link", name="delta", exact=True).focus()
    board.keyboard.press("m")
    board.get_by_role("menuitem", name="New sub-task…").click()
    dialog = board.get_by_role("dialog", name="New sub-task")
    dialog.get_by_role("textbox", name="Title").fill("eta")
    dialog.get_by_role("button", name="Create task").click()
    expect(card(board, "eta").get_by_role("link", name="Part of delta")).to_be_visible()
    expect(card(board, "delta")).to_contain_text("0/1 sub-tasks")


def test_an_archived_workspace_is_read_only(
    new_window: NewWindow, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    person.ask("PUT", f"/api/workspaces/{workspace_id}/archive")
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}?view=board")
    expect_titles(page, "Not started", "alpha", "beta", "gamma")
    expect(page.get_by_role("button", name="Move to…")).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    drag(page, card(page, "alpha"), card(page, "delta"))
    page.mouse.up()
    expect_titles(page, "Not started", "alpha", "beta", "gamma")
