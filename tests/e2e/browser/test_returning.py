"""Whoever goes elsewhere and comes back goes on where they were; an address leads there, signed in or not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import enter, open_place
from tests.support.clients import Agent, Person


@pytest.fixture
def page(new_window: NewWindow, person: Person) -> Page:
    return enter(new_window(), person)


@pytest.fixture
def questions(agent: Agent) -> list[str]:
    """The ids of more of them than fit on many screens, of different heights."""
    made = (
        agent.call("createTask", title=f"Question {number:02}", body="word " * (7 * number), assignee="human")
        for number in range(30)
    )
    return [one["task_id"] for one in made]


def leave_by(page: Page, title: str) -> None:
    """Opens a task out of Needs me."""
    article = page.get_by_role("article", name=title)
    expect(article).to_be_attached()
    article.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def test_going_back_to_needs_me_is_to_the_item_that_one_left_by(page: Page, questions: list[str]) -> None:
    open_place(page, "/")
    leave_by(page, "Question 20")
    page.go_back()
    item = page.get_by_role("article", name="Question 20")
    expect(item).to_be_focused()
    expect(item).to_be_in_viewport()
    page.keyboard.press("j")
    expect(page.get_by_role("article", name="Question 21")).to_be_focused()


def test_going_back_to_needs_me_from_what_one_settled_is_to_what_followed_it(
    page: Page, person: Person, workspace_id: str, questions: list[str]
) -> None:
    open_place(page, "/")
    leave_by(page, "Question 20")
    page.get_by_role("combobox", name="Status").select_option("completed")
    expect(page).to_have_title("(29) Question 20 · Handrail")
    page.go_back()
    expect(page.get_by_role("article", name="Question 21")).to_be_focused()


def test_an_address_leads_to_its_place_through_the_door_and_back_does_not_lead_to_the_door(
    new_window: NewWindow, program: Program
) -> None:
    owner = Person.owner(program.url)
    workspace_id = owner.create_workspace("deep")["id"]
    task = owner.create_task(workspace_id, "Far in")["id"]
    said = owner.reply(workspace_id, task, "Look at this")["id"]
    page = new_window()
    page.goto("/manifest.webmanifest")
    page.goto(f"/w/{workspace_id}/t/{task}#m-{said}")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(f"#m-{said}")).to_be_focused()
    assert page.url == f"{program.url}/w/{workspace_id}/t/{task}#m-{said}"
    page.go_back()
    assert page.url == f"{program.url}/manifest.webmanifest"
