"""The page stays true: over many tabs, offline and back, a server that dies, and a stream that falls silent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import connection, enter, listed, open_place, places, reply, thread
from tests.support.clients import Person
from tests.support.process import Process
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

SLEEP_MS = 30_000


@pytest.fixture
def proxy(program: Program) -> Iterator[Proxy]:
    with closing(Proxy(program.url)) as standing:
        yield standing


@pytest.fixture
def tabs(new_window: NewWindow, person: Person, proxy: Proxy, workspace_id: str) -> list[Page]:
    """Eight tabs of one browser, in several places. The first one leads."""
    other = person.create_workspace("another")["id"]
    task = person.create_task(workspace_id, "In the thread")["id"]
    paths = ["/", f"/w/{workspace_id}", f"/w/{workspace_id}/t/{task}", f"/w/{other}", f"/w/{other}/settings"]
    first = enter(new_window(proxy.url), person)
    tabs = [first, *(first.context.new_page() for _ in range(7))]
    for number, tab in enumerate(tabs):
        open_place(tab, paths[number % len(paths)])
    return tabs


def test_the_tabs_of_a_browser_share_one_stream_and_leave_the_other_connections_free(
    tabs: list[Page], person: Person, proxy: Proxy, workspace_id: str
) -> None:
    assert proxy.streams == 1
    for tab in tabs:
        tab.evaluate("void (window.answered = fetch('/api/workspaces').then((answer) => answer.status))")
    assert [tab.evaluate("window.answered") for tab in tabs] == [200] * 8
    person.ask("PATCH", f"/api/workspaces/{workspace_id}", json={"name": "Seen by all"})
    for tab in tabs:
        expect(places(tab)).to_contain_text("Seen by all")
    assert proxy.streams == 1


def test_when_the_leading_tab_is_closed_another_leads_and_nothing_is_lost(
    tabs: list[Page], person: Person, proxy: Proxy, workspace_id: str
) -> None:
    leader, *others = tabs
    leader.close()
    for number in range(5):
        person.create_task(workspace_id, f"Made in between {number}")
    person.ask("PATCH", f"/api/workspaces/{workspace_id}", json={"name": "Renamed in between"})
    for tab in others:
        expect(places(tab)).to_contain_text("Renamed in between")
        expect(connection(tab)).to_contain_text("Live")
    for number in range(5):
        expect(listed(others[0], f"Made in between {number}")).to_have_count(1)
    eventually(lambda: proxy.streams == 1, "one stream again")
    person.create_task(workspace_id, "Made afterwards")
    expect(listed(others[0], "Made afterwards")).to_have_count(1)


def test_what_happened_while_offline_appears_once_and_the_connection_says_so_meanwhile(
    new_window: NewWindow, person: Person, workspace_id: str
) -> None:
    task = person.create_task(workspace_id, "Written to")["id"]
    reading = enter(new_window(), person)
    scanning = reading.context.new_page()
    open_place(reading, f"/w/{workspace_id}/t/{task}")
    open_place(scanning, f"/w/{workspace_id}")
    reading.context.set_offline(True)
    for page in (reading, scanning):
        expect(connection(page)).not_to_contain_text("Live")
    for number in range(3):
        person.reply(workspace_id, task, f"Said meanwhile {number}")
        person.create_task(workspace_id, f"Made meanwhile {number}")
    made = f"/api/workspaces/{workspace_id}/tasks/{task}"
    person.ask("PATCH", made, json={"status": "ongoing"})
    reading.context.set_offline(False)
    for page in (reading, scanning):
        expect(connection(page)).to_contain_text("Live")
    for number in range(3):
        expect(thread(reading).get_by_text(f"Said meanwhile {number}", exact=True)).to_have_count(1)
        expect(listed(scanning, f"Made meanwhile {number}")).to_have_count(1)
    expect(reading.get_by_role("combobox", name="Status")).to_contain_text("Ongoing")


class Answering:
    """A page on a task that is being answered, of a program that goes and comes back."""

    def __init__(self, new_window: NewWindow, data: Path) -> None:
        self.data = data
        self.process = Process(data)
        self.port = self.process.url.rpartition(":")[2]
        owner = self.process.owner()
        self.workspace_id: str = owner.create_workspace("away")["id"]
        self.task: str = owner.create_task(self.workspace_id, "Being answered")["id"]
        self.page = enter(new_window(self.process.url), owner)
        open_place(self.page, f"/w/{self.workspace_id}/t/{self.task}")
        expect(reply(self.page)).to_be_visible()

    def comes_back(self) -> None:
        self.process = Process(self.data, port=self.port)

    def sends(self, text: str) -> None:
        reply(self.page).fill(text)
        self.page.get_by_role("button", name="Send").click()

    def said(self) -> list[str]:
        path = f"/api/workspaces/{self.workspace_id}/tasks/{self.task}/messages"
        return [message["text"] for message in self.process.owner().ask("GET", path)["items"]]


@pytest.fixture
def answering(new_window: NewWindow, tmp_path: Path) -> Iterator[Answering]:
    one = Answering(new_window, tmp_path)
    try:
        yield one
    finally:
        one.process.end()


def test_a_killed_server_that_returns_finds_the_page_as_it_was_left(answering: Answering) -> None:
    page = answering.page
    reply(page).press_sequentially("Half of ")
    answering.process.kill()
    expect(connection(page)).not_to_contain_text("Live")
    page.keyboard.type("an answer")
    answering.comes_back()
    expect(connection(page)).to_contain_text("Live")
    answering.process.owner().reply(answering.workspace_id, answering.task, "Said after the restart")

    expect(thread(page).get_by_text("Said after the restart", exact=True)).to_have_count(1)
    expect(reply(page)).to_have_value("Half of an answer")
    expect(reply(page)).to_be_focused()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(thread(page).get_by_text("Half of an answer", exact=True)).to_have_count(1)
    expect(reply(page)).to_have_value("")


def test_what_is_sent_while_the_server_is_away_goes_by_itself_once_and_in_order(answering: Answering) -> None:
    page = answering.page
    answering.process.kill()
    for text in ("Sent into the void", "And after it"):
        answering.sends(text)
    expect(thread(page).get_by_text("Not sent yet")).to_have_count(2)
    answering.comes_back()
    expect(thread(page).get_by_text("Not sent yet")).to_have_count(0, timeout=20_000)
    expect(thread(page).get_by_text("Sent into the void", exact=True)).to_have_count(1)
    assert answering.said() == ["Sent into the void", "And after it"]


def test_what_was_not_sent_when_the_page_was_left_goes_when_it_is_opened_again(answering: Answering) -> None:
    page = answering.page
    answering.process.kill()
    answering.sends("Sent into the void")
    expect(thread(page)).to_contain_text("Not sent yet")
    answering.comes_back()
    page.goto("/")
    eventually(lambda: answering.said() == ["Sent into the void"])


def test_what_could_not_be_loaded_appears_by_itself_when_the_server_is_back(
    new_window: NewWindow, tmp_path: Path
) -> None:
    process = Process(tmp_path)
    port = process.url.rpartition(":")[2]
    try:
        owner = process.owner()
        workspace_id = owner.create_workspace("patient")["id"]
        task = owner.create_task(workspace_id, "Opened in vain")["id"]
        owner.reply(workspace_id, task, "Said before")
        page = open_place(enter(new_window(process.url), owner), f"/w/{workspace_id}")
        expect(listed(page, "Opened in vain")).to_be_visible()
        process.kill()
        listed(page, "Opened in vain").click()
        expect(page.get_by_text("Handrail cannot be reached").first).to_be_visible()
        process = Process(tmp_path, port=port)
        expect(thread(page).get_by_text("Said before", exact=True)).to_have_count(1, timeout=20_000)
        expect(page.get_by_text("Handrail cannot be reached")).to_have_count(0)
    finally:
        process.end()


def asleep(page: Page) -> None:
    """Time went by for every tab of the browser; now the person looks at this one again."""
    page.context.clock.fast_forward(SLEEP_MS)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_stream_that_died_in_silence_is_noticed_when_the_tab_is_looked_at_again(
    new_window: NewWindow, person: Person, proxy: Proxy, workspace_id: str
) -> None:
    page = enter(new_window(proxy.url), person)
    page.context.clock.install()
    open_place(page, f"/w/{workspace_id}")
    proxy.freeze_streams()
    person.create_task(workspace_id, "Made in silence")
    assert listed(page, "Made in silence").count() == 0
    asleep(page)
    expect(listed(page, "Made in silence")).to_have_count(1)
    eventually(lambda: proxy.streams == 1, "one stream again")


def test_it_is_noticed_as_well_when_another_tab_leads(
    new_window: NewWindow, person: Person, proxy: Proxy, workspace_id: str
) -> None:
    leader = enter(new_window(proxy.url), person)
    follower = leader.context.new_page()
    leader.context.clock.install()
    for page in (leader, follower):
        open_place(page, f"/w/{workspace_id}")
    proxy.freeze_streams()
    person.create_task(workspace_id, "Made in silence")
    asleep(follower)
    expect(listed(follower, "Made in silence")).to_have_count(1)
    eventually(lambda: proxy.streams == 1, "one stream again")
