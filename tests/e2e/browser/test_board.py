"""Tasks on a board: moved by pointer, by keyboard and by menu."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.browser.board import (
    announcement,
    card,
    column,
    drag,
    expect_focus,
    expect_titles,
    set_status,
    stored,
    titles,
)
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import enter, open_place
from tests.support.clients import Person


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


def test_a_move_that_waits_for_the_one_before_is_not_lost_when_the_page_is_left(board: Page) -> None:
    board.route("**/tasks/*", lambda route: None, times=1)  # The first has no answer.
    board.get_by_role("link", name="alpha", exact=True).focus()
    with board.expect_request("**/tasks/*"):
        board.keyboard.press("Shift+ArrowDown")
    board.keyboard.press("Alt+ArrowRight")
    expect_titles(board, "Ongoing", "alpha", "delta", "epsilon")
    board.reload()
    expect_titles(board, "Ongoing", "alpha", "delta", "epsilon")


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


def test_the_keyboard_goes_along_to_a_column_that_waited_for_a_quiet_moment(
    new_window: NewWindow, person: Person, workspace_id: str, tasks: dict[str, Any]
) -> None:
    page = enter(new_window(), person)
    page.add_init_script("window.requestIdleCallback = () => 0")
    open_place(page, f"/w/{workspace_id}?view=board")
    expect_titles(page, "Not started", "alpha", "beta", "gamma")
    expect_titles(page, "Ongoing")
    page.get_by_role("link", name="beta", exact=True).focus()
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Completed").press("Enter")
    expect_titles(page, "Completed", "beta")
    expect_focus(page, "beta")


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
