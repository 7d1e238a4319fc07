"""What is done elsewhere, to workspaces or to the session itself, shows here without a reload."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from chalicelib.kernel import store
from chalicelib.kernel.events import Event, number
from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.windows import connection, enter, listed, open_place, places, reply, thread
from tests.support.clients import Person

SECRET = "A thought that nobody else may read"


def kept(page: Page) -> dict[str, str]:
    """What the pages of this browser stored in it, by key or address; but for what everybody is served."""
    found: dict[str, str] = page.evaluate(
        """async () => {
          const kept = { ...localStorage, ...sessionStorage, databases: JSON.stringify(await indexedDB.databases()) };
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) kept[request.url] = await (await cache.match(request)).text();
          }
          return kept;
        }"""
    )
    return {name: value for name, value in found.items() if not re.search(r"/assets/|/\w+\.(js|svg|png)$", name)}


def test_signing_out_in_one_tab_empties_all_tabs_of_the_browser_and_no_other(
    new_window: NewWindow, program: Program
) -> None:
    here, there = (Person(program.url, "two-devices") for _ in range(2))
    workspace_id = here.create_workspace("Confidential place")["id"]
    task = here.create_task(workspace_id, "Confidential plan")["id"]
    other_device = open_place(enter(new_window(), there), "/")
    leading = enter(new_window(), here)
    tabs = [leading, *(leading.context.new_page() for _ in range(3))]
    for tab in tabs:
        open_place(tab, "/")
    for tab in tabs[1:]:
        open_place(tab, f"/w/{workspace_id}/t/{task}")
    reply(tabs[1]).press_sequentially(SECRET)
    assert SECRET in str(kept(tabs[1]))

    tabs[2].get_by_role("button", name="Sign out").click()

    for tab in tabs:
        expect(tab.get_by_role("button", name="Continue")).to_be_visible()
        assert "Confidential" not in tab.locator("body").inner_text()
    left = kept(leading)
    for private in (SECRET, "Confidential", workspace_id, "/api/", "/auth/"):
        assert private not in str(left)
    for tab in tabs[1:]:
        tab.go_back()
        expect(tab.get_by_role("button", name="Continue")).to_be_visible()
    there.create_workspace("Made after that")
    expect(places(other_device)).to_contain_text("Made after that")


def test_a_session_that_is_ended_elsewhere_ends_here_at_once(new_window: NewWindow, person: Person) -> None:
    page = open_place(enter(new_window(), person), "/")
    person.ask("DELETE", "/auth/session", 204)
    expect(page.get_by_role("button", name="Continue")).to_be_visible()


def test_a_workspace_appears_changes_and_disappears_as_it_does_elsewhere(
    new_window: NewWindow, person: Person, workspace_id: str
) -> None:
    page = open_place(enter(new_window(), person), "/")
    made = person.create_workspace("Made elsewhere")["id"]
    at = f"/api/workspaces/{made}"
    link = places(page).get_by_role("link", name="Made elsewhere")
    expect(link).to_be_visible()
    link.click()
    page.wait_for_url(f"**/w/{made}")

    person.ask("PATCH", at, json={"name": "Renamed elsewhere"})
    expect(page.get_by_role("heading", name="Renamed elsewhere", level=1)).to_be_visible()
    expect(places(page).get_by_role("link", name="Renamed elsewhere")).to_be_visible()
    expect(link).to_have_count(0)

    person.ask("PUT", f"{at}/archive")
    expect(page.get_by_role("main")).to_contain_text("Archived")
    expect(page.get_by_role("button", name="New task")).to_have_count(0)
    places(page).get_by_role("link", name="Needs me").click()
    expect(places(page).get_by_role("link", name="Renamed elsewhere")).not_to_be_visible()

    person.ask("DELETE", f"{at}/archive")
    places(page).get_by_role("link", name="Renamed elsewhere").click()
    expect(page.get_by_role("button", name="New task").first).to_be_visible()

    person.ask("DELETE", at, 204, json={"confirm": "Renamed elsewhere"})
    expect(page.get_by_role("heading", name="There is no such workspace")).to_be_visible()
    expect(places(page).get_by_role("link", name="Renamed elsewhere")).to_have_count(0)


def test_a_page_converges_when_the_log_no_longer_reaches_back_to_it(
    new_window: NewWindow, person: Person, workspace_id: str
) -> None:
    kept = person.create_task(workspace_id, "Still there")["id"]
    dropped = person.create_task(workspace_id, "Deleted meanwhile")["id"]
    reading = enter(new_window(), person)
    scanning = reading.context.new_page()
    open_place(reading, f"/w/{workspace_id}/t/{kept}")
    open_place(scanning, f"/w/{workspace_id}")
    expect(listed(scanning, "Deleted meanwhile")).to_be_visible()
    reading.context.set_offline(True)
    for page in (reading, scanning):
        expect(connection(page)).not_to_contain_text("Live")
    at = f"/api/workspaces/{workspace_id}"
    person.reply(workspace_id, kept, "Said meanwhile")
    person.create_task(workspace_id, "Made meanwhile")
    person.ask("DELETE", f"{at}/tasks/{dropped}", 204)
    last = person.ask("PATCH", at, json={"name": "Renamed meanwhile"})["seq"]
    for seq in range(1, last + 1):
        store.WorkspaceItem(workspace_id, Event.key(number(seq))).delete()
    reading.context.set_offline(False)
    expect(places(scanning)).to_contain_text("Renamed meanwhile")
    expect(listed(scanning, "Made meanwhile")).to_have_count(1)
    expect(listed(scanning, "Deleted meanwhile")).to_have_count(0)
    expect(thread(reading).get_by_text("Said meanwhile", exact=True)).to_have_count(1)
    person.create_task(workspace_id, "Made afterwards")
    expect(listed(scanning, "Made afterwards")).to_have_count(1)
