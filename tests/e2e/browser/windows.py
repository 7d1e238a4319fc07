"""What every test in a browser does: come in, and wait until the page follows what happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, Route, expect

from tests.support.clients import Person


@dataclass
class Seat:
    """Somebody before a window."""

    person: Person
    page: Page

    @property
    def name(self) -> str:
        name: str = self.person.ask("GET", "/auth/session")["person"]["name"]
        return name


def enter(page: Page, person: Person) -> Page:
    """Sign the browser of this page in, on a session of `person`'s."""
    given = person.http.headers.get("cookie")
    name, value = next(iter(person.http.cookies.items())) if given is None else given.split("=", 1)
    page.context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])
    return page


def open_place(page: Page, path: str) -> Page:
    """Returns when changes appear on it as they happen."""
    page.goto(path)
    expect(connection(page)).to_contain_text("Live")
    return page


def hold(page: Page, address: str | re.Pattern[str]) -> Callable[[], None]:
    """What the page asks of `address` is not sent before the function that this returns is called."""
    held: list[Route] = []
    holding = True

    def asked(route: Route) -> None:
        if holding:
            held.append(route)
        else:
            route.continue_()

    def release() -> None:
        nonlocal holding
        holding = False
        for route in held:
            route.continue_()

    page.route(address, asked)
    return release


def without_service_worker(page: Page) -> Page:
    """It would bring what the test holds back."""
    page.add_init_script("delete Navigator.prototype.serviceWorker")
    return page


def connection(page: Page) -> Locator:
    return page.get_by_role("status", name="Connection")


def places(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Places")


def listed(page: Page, title: str) -> Locator:
    """The task in the list of its workspace."""
    return page.get_by_role("list", name="Tasks").get_by_role("link", name=title)


def thread(page: Page) -> Locator:
    return page.get_by_role("log", name="Thread")


def reply(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Reply")
