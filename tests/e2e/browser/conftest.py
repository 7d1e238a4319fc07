"""A real Chromium. Every page fails its test when a script fails or the Content-Security-Policy is violated."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Membership
from chalicelib.onebox.program import Program
from tests.e2e.browser.board import expect_titles, set_status
from tests.e2e.browser.device import Device
from tests.e2e.browser.windows import Seat, enter, open_place
from tests.support.clients import Person

# How long a page may take for anything, on a machine that has other work too.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


class NewWindow(Protocol):
    def __call__(self, url: str = ...) -> Page:
        """`url`: where the program is, unless it is the one of the whole session."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for the whole session: while Playwright is there, its event loop keeps others from running."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path is not None, "install Chromium: `make test` does it on Debian"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def new_window(chromium: Browser, program: Program) -> Iterator[NewWindow]:
    """Opens windows that share nothing, like two devices; at the end no page of theirs may have complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    def open_window(url: str = program.url) -> Page:
        context = chromium.new_context(base_url=url, viewport={"width": 1280, "height": 860})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", lambda error: complaints.append(f"script: {error.error}"))
        context.on("console", heard)
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def there(new_window: NewWindow, new_person: Callable[[], Person], workspace_id: str) -> Seat:
    """Somebody else than `person`, who is let in to the same workspace."""
    other = new_person()
    member = Membership(workspace_id, "owner", clock.now())
    directory.write(directory.membership_key(other.id, workspace_id), member)
    return Seat(other, enter(new_window(), other))


@pytest.fixture
def sign_in() -> Callable[[Page], Page]:
    def through_the_door(page: Page) -> Page:
        page.goto("/")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("link", name="Needs me").wait_for()
        return page

    return through_the_door


@pytest.fixture
def tasks(person: Person, workspace_id: str) -> dict[str, Any]:
    """Three not begun, two under way."""
    names = ("alpha", "beta", "gamma", "delta", "epsilon")
    made = {title: person.create_task(workspace_id, title) for title in names}
    for title in ("delta", "epsilon"):
        set_status(person, workspace_id, made[title]["id"], "ongoing")
    return made


@pytest.fixture
def board(new_window: NewWindow, person: Person, workspace_id: str, tasks: dict[str, Any]) -> Page:
    page = open_place(enter(new_window(), person), f"/w/{workspace_id}?view=board")
    expect_titles(page, "Not started", "alpha", "beta", "gamma")
    expect_titles(page, "Ongoing", "delta", "epsilon")
    return page


@pytest.fixture
def device(new_window: NewWindow, person: Person) -> Device:
    """With a page of the person's on it, which may notify."""
    page = enter(new_window(), person)
    page.context.grant_permissions(["notifications"])
    return Device(open_place(page, "/"))
