"""Two people, from an invitation to working together: the link, the door, the provider, the workspace, and out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.test_accessibility import check_in_both_themes
from tests.e2e.browser.windows import enter, listed, open_place, places
from tests.isolation.test_tokens import configured
from tests.support.clients import Person
from tests.support.openid import FakeProvider, fake_provider


@pytest.fixture
def provider(program: Program) -> Iterator[FakeProvider]:
    """Whom it lets in is not on the list: only an invitation opens the door."""
    with fake_provider() as fake, configured(**fake.settings | {"sign_in_allowed": "nobody@example.org"}):
        fake.person = {"sub": "grace", "email": "grace@example.com", "name": "Grace", "email_verified": True}
        yield fake


@pytest.fixture
def here(new_window: NewWindow, person: Person, workspace_id: str, provider: FakeProvider) -> Page:
    return open_place(enter(new_window(), person), f"/w/{workspace_id}/settings#members")


def invite(page: Page, email: str) -> str:
    page.get_by_label("E-mail address").fill(email)
    page.keyboard.press("Enter")
    link = page.get_by_role("group", name="Invitation link").locator("pre").text_content()
    assert link is not None
    return link


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem", name=name)


def test_who_is_invited_signs_in_joins_and_works_here(
    here: Page, new_window: NewWindow, provider: FakeProvider, person: Person, workspace_id: str
) -> None:
    link = invite(here, "Grace@example.com")
    there = new_window()
    asked: list[str] = []
    there.on("request", lambda request: asked.append(request.url))
    there.goto(link)
    there.get_by_role("link", name="Continue with Google").click()
    there.get_by_role("heading", name="Join my-saas-backend?").wait_for()
    there.get_by_role("button", name="Join", exact=True).click()
    there.wait_for_url(f"**/w/{workspace_id}")
    secret = link.partition("#")[2]
    assert asked
    assert not [url for url in asked if secret in url.partition("#")[0]]
    expect(row(here, "Grace")).to_contain_text("grace@example.com")
    expect(here.get_by_role("heading", name="Invited")).to_have_count(0)

    task = person.create_task(workspace_id, "Said here")["title"]
    expect(listed(there, task)).to_be_visible()
    there.goto(f"/w/{workspace_id}/settings#members")
    expect(row(there, "Grace")).to_contain_text("(you)")
    expect(there.get_by_label("E-mail address")).to_have_count(0)

    row(here, "Grace").get_by_role("button", name="Remove").click()
    row(here, "Grace").get_by_role("button", name="Remove now").click()
    expect(there.get_by_role("heading", name="There is no such workspace")).to_be_visible()
    expect(places(there).get_by_role("link", name="my-saas-backend")).to_have_count(0)

    again = invite(here, "grace@example.com")
    there.goto(again)
    there.get_by_role("button", name="Join", exact=True).click()
    expect(listed(there, task)).to_be_visible()


def test_who_has_another_address_is_told_so_and_can_sign_in_anew(
    here: Page, new_window: NewWindow, provider: FakeProvider, person: Person
) -> None:
    link = invite(here, "grace@example.com")
    other = open_place(enter(new_window(), Person(str(person.http.base_url), "heidi")), "/")
    other.goto(link)
    expect(other.get_by_role("heading", name="This invitation is not for you")).to_be_visible()
    expect(other.get_by_role("main")).to_contain_text("heidi@example.com")
    other.get_by_role("button", name="Sign in with another account").click()
    other.get_by_role("link", name="Continue with Google").click()
    expect(other.get_by_role("heading", name="Join my-saas-backend?")).to_be_visible()


def test_the_door_says_why_somebody_is_not_let_in(new_window: NewWindow, provider: FakeProvider) -> None:
    provider.person |= {"sub": "mallory", "email": "mallory@example.com"}
    page = new_window()
    page.goto("/workspaces")
    page.get_by_role("link", name="Continue with Google").click()
    expect(page.get_by_role("alert")).to_contain_text("This account may not sign in here")
    provider.denies = True
    page.get_by_role("link", name="Continue with Google").click()
    expect(page.get_by_role("alert")).to_contain_text("You did not let Google say who you are")
    assert page.url.endswith("/signin?problem=denied&next=%2Fworkspaces")


def test_everybody_can_read_and_press_all_of_it_on_a_phone_too(
    here: Page, new_window: NewWindow, provider: FakeProvider, person: Person, workspace_id: str
) -> None:
    heidi = Person(str(person.http.base_url), "heidi-with-a-rather-long-name-and-address")
    link = person.invite(workspace_id, heidi.email)["link"]
    person.let_in(Person(str(person.http.base_url), "ivan"), workspace_id)
    other = open_place(enter(new_window(), heidi), "/")
    other.goto(link)
    other.get_by_role("button", name="Join", exact=True).wait_for()
    row(here, "ivan").get_by_role("button", name="Remove").click()
    here.get_by_label("E-mail address").fill("judy@example.com")
    here.get_by_role("button", name="Invite", exact=True).click()
    here.get_by_role("group", name="Invitation link").wait_for()
    door = new_window()
    door.goto("/signin?problem=not_allowed&next=%2F")
    door.get_by_role("alert").wait_for()
    for page in (here, other, door):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            check_in_both_themes(page)
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_where_only_this_machine_is_offered_there_are_no_members(
    new_window: NewWindow, person: Person, workspace_id: str
) -> None:
    with configured(oidc_client_id=""):
        page = open_place(enter(new_window(), person), f"/w/{workspace_id}/settings")
        expect(page.get_by_role("heading", name="Permission rules")).to_be_visible()
        expect(page.get_by_role("heading", name="Members")).to_have_count(0)
        expect(page.get_by_role("navigation", name="Sections")).not_to_contain_text("Members")
