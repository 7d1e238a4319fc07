"""The page behind a real Pushpin: live, catching up after an absence, and out when its session is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import connection, enter, listed, open_place, reply
from tests.support.clients import Person
from tests.support.relays import PUSHPIN, calls_held, relayed
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def url(program: Program) -> Iterator[str]:
    with relayed(program, PUSHPIN) as url:
        yield url


def test_what_happens_appears_and_what_happened_while_offline_appears_once(
    new_window: NewWindow, url: str, person: Person, workspace_id: str
) -> None:
    page = enter(new_window(url), person)
    open_place(page, f"/w/{workspace_id}")
    expect(connection(page)).to_contain_text("Live")
    person.create_task(workspace_id, "Seen at once")
    expect(listed(page, "Seen at once")).to_have_count(1)
    page.context.set_offline(True)
    expect(connection(page)).not_to_contain_text("Live")
    for number in range(3):
        person.create_task(workspace_id, f"Made in between {number}")
    page.context.set_offline(False)
    for number in range(3):
        expect(listed(page, f"Made in between {number}")).to_have_count(1)
    expect(connection(page)).to_contain_text("Live")


def test_an_agents_question_is_answered_in_the_page_and_reaches_the_held_call(
    new_window: NewWindow, url: str, program: Program, person: Person, workspace_id: str
) -> None:
    agent = person.agent(workspace_id).initialize()
    asked = agent.call("createTask", title="Which database?", body="", assignee="human")["task_id"]
    page = enter(new_window(url), person)
    open_place(page, f"/w/{workspace_id}/t/{asked}")
    with ThreadPoolExecutor(1) as pool:
        before = calls_held(program)
        answer = pool.submit(agent.call, "waitForReply", task_id=asked)
        eventually(lambda: calls_held(program) > before, "the call to be held")
        say(page, "Postgres")
        assert answer.result()["text"] == "Postgres"
    # What nobody waits for comes over the stream.
    stream = agent.stream()
    say(page, "Version 16")
    stream.wait_for(lambda frame: "Version 16" in frame.data)


def say(page: Page, text: str) -> None:
    reply(page).fill(text)
    reply(page).press("Control+Enter")


def test_a_session_that_ends_elsewhere_ends_the_page(new_window: NewWindow, url: str, person: Person) -> None:
    page = enter(new_window(url), person)
    open_place(page, "/")
    expect(connection(page)).to_contain_text("Live")
    person.ask("DELETE", "/auth/session", 204)
    page.get_by_role("button", name="Continue").wait_for()
