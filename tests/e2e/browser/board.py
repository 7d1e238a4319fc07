"""The board as its tests look at it and act on it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

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
    """As a person does it: press, move a little, move there, let go. What makes it possible comes after the board."""
    expect(what.locator("[draggable=true]")).to_have_count(1)
    start, end = what.bounding_box(), to.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + start["width"] / 2 + 8, start["y"] + start["height"] / 2 + 8, steps=3)
    down = {"top": 3.0, "middle": end["height"] / 2, "bottom": end["height"] - 3}[at]
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + down, steps=8)


def set_status(person: Person, workspace_id: str, task_id: str, status: str) -> None:
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task_id}", json={"status": status})


def stored(person: Person, workspace_id: str, task: Any) -> Any:
    return person.ask("GET", f"/api/workspaces/{workspace_id}/tasks/{task['id']}")
