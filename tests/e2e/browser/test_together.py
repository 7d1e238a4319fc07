"""Two people at one task: each sees what the other does, and keeps what they were doing themselves."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import Seat, enter, open_place, reply, thread
from tests.support.clients import Agent, Person
from tests.support.waiting import eventually


@pytest.fixture
def here(new_window: NewWindow, person: Person) -> Seat:
    return Seat(person, enter(new_window(), person))


def test_each_sees_what_the_other_says_and_does_and_keeps_what_they_type(
    here: Seat, there: Seat, workspace_id: str
) -> None:
    task = here.person.create_task(workspace_id, "Between two")["id"]
    for seat in (here, there):
        open_place(seat.page, f"/w/{workspace_id}/t/{task}")
    reply(here.page).press_sequentially("I am still wri")
    reply(there.page).fill("Take the second one.")
    there.page.get_by_role("button", name="Send").click()
    expect(thread(here.page).get_by_text("Take the second one.", exact=True)).to_have_count(1)
    there.page.get_by_role("combobox", name="Status").select_option("ongoing")
    expect(here.page.get_by_role("combobox", name="Status")).to_have_value("ongoing")
    expect(reply(here.page)).to_be_focused()
    here.page.keyboard.type("ting")
    expect(reply(here.page)).to_have_value("I am still writing")
    here.page.keyboard.press("ControlOrMeta+Enter")
    expect(thread(there.page).get_by_text("I am still writing", exact=True)).to_have_count(1)
    expect(thread(there.page)).to_contain_text(here.name)


def test_what_arrives_moves_neither_the_focus_nor_what_is_being_read(
    here: Seat, there: Seat, workspace_id: str
) -> None:
    task = here.person.create_task(workspace_id, "Much was said", body="\n\n".join(["A paragraph."] * 30))["id"]
    for turn in range(25):
        here.person.reply(workspace_id, task, f"Message number {turn}")
    page = open_place(here.page, f"/w/{workspace_id}/t/{task}")
    read = thread(page).get_by_text("Message number 5", exact=True)
    expect(read).to_be_visible()
    status = page.get_by_role("combobox", name="Status")
    status.focus()
    read.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    before = read.bounding_box()
    there.person.reply(workspace_id, task, "News from the other one")
    expect(thread(page).get_by_text("News from the other one", exact=True)).to_have_count(1)
    there.person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task}", json={"status": "ongoing"})
    expect(status).to_have_value("ongoing")
    eventually(lambda: read.bounding_box() == before, "what is being read to be where it was")
    expect(status).to_be_focused()


def test_what_somebody_else_settles_leaves_needs_me_without_taking_the_focus_along(
    here: Seat, there: Seat, agent: Agent, workspace_id: str
) -> None:
    first = agent.call("createTask", title="Asked first", body="One?", assignee="human")["task_id"]
    agent.call("createTask", title="Asked second", body="Two?", assignee="human")
    page = open_place(here.page, "/")
    answer = page.get_by_role("article", name="Asked second").get_by_role("textbox", name="Reply")
    answer.press_sequentially("An ans")
    there.person.reply(workspace_id, first, "Settled.")
    expect(page.get_by_role("article", name="Asked first")).to_have_count(0)
    expect(answer).to_be_focused()
    page.keyboard.type("wer")
    expect(answer).to_have_value("An answer")
