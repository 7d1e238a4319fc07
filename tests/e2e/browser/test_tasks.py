"""Tasks on a board and in a list: chosen, found, made and deleted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.board import (
    announcement,
    card,
    drag,
    expect_focus,
    expect_titles,
)
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import enter, open_place, reply, thread
from tests.support.clients import Person
from tests.support.waiting import eventually


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
    eventually(lambda: row.bounding_box() == top, "the list to be as far down as it was")


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


# Whether the beginning of a text is within the box of a link.
BEGINS_IN_SIGHT = """(link) => {
    const words = document.createTreeWalker(link, NodeFilter.SHOW_TEXT).nextNode();
    const range = document.createRange();
    range.setStart(words, 0);
    range.setEnd(words, 1);
    const [begins, box] = [range.getBoundingClientRect(), link.getBoundingClientRect()];
    return begins.left >= box.left && begins.right <= box.right;
}"""


@pytest.mark.parametrize("words", ["the beginning counts ", "البداية هي المهمة "])
def test_a_title_that_is_too_long_is_cut_where_it_ends(
    new_window: NewWindow, person: Person, workspace_id: str, words: str
) -> None:
    person.create_task(workspace_id, (words * 12).strip())
    page = enter(new_window(), person)
    page.set_viewport_size({"width": 390, "height": 844})
    open_place(page, f"/w/{workspace_id}")
    link = page.get_by_role("list", name="Tasks").get_by_role("link").first
    expect(link).to_be_visible()
    assert link.evaluate(BEGINS_IN_SIGHT)


DROP = """(field, names) => {
    const dataTransfer = new DataTransfer();
    for (const name of names) dataTransfer.items.add(new File(name === "empty.txt" ? [] : [name], name));
    for (const type of ["dragover", "drop"])
        field.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""


def test_files_that_are_dropped_on_a_reply_go_with_it_whatever_they_are_called(
    new_window: NewWindow, person: Person, workspace_id: str
) -> None:
    names = ["empty.txt", "100% #1?.csv", '"quoted" & <b>.md', "русский مرحبا 👩‍👧.png"]
    task = person.create_task(workspace_id, "With files")["id"]
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}/t/{task}")
    reply(page).evaluate(DROP, [*names, "not/one.txt"])
    expect(
        page.get_by_text("was not uploaded. filename: must be a name without folders", exact=False)
    ).to_be_visible()
    for name in names:
        expect(page.get_by_role("button", name=f"Remove {name}", exact=True)).to_be_visible()
    page.get_by_role("button", name="Send").click()
    for name in names:
        link = thread(page).get_by_role("link", name=name, exact=True)
        address = link.get_attribute("href")
        assert address is not None
        content = "" if name == "empty.txt" else name
        assert person.http.get(address, follow_redirects=True).text == content


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
