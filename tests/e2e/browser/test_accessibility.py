"""Every view in both themes and on a phone: what axe can find, and what it cannot: reflow and the size of targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, get_args

import pytest
from playwright.sync_api import Browser, Page

from chalicelib.onebox.program import Program
from tests.e2e.browser.conftest import PATIENCE_MS
from tests.e2e.browser.windows import enter
from tests.support.clients import Person, keep_open
from tests.support.showcase import Showcase, fill, places, settle, visit

AXE = (Path(__file__).parents[3] / "dashboard/node_modules/axe-core/axe.min.js").read_text()
NAMES = sorted(places(Showcase("", "", "")))
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
RUN = """async () => {
    const { violations, passes } = await axe.run(document, { resultTypes: ["violations"] });
    const found = violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html}`));
    return { found, passed: passes.length };
}"""
# What can be pressed, but for links within a sentence, which the guideline leaves out.
SMALL = """() => [...document.querySelectorAll(":is(main, dialog) :is(button, select, input), header button, nav a")]
    .filter((each) => each.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .map((each) => [each, (each.closest("label") ?? each).getBoundingClientRect()])
    .filter(([each, box]) => box.width > 1 && box.height > 1 && (box.height < 43.5 || box.width < 43.5))
    .map(([each, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${each.outerHTML.slice(0, 160)}`)"""

MOVING = """() => [...document.querySelectorAll("*")]
    .filter((each) => {
        const { transitionDuration, animationDuration } = getComputedStyle(each);
        return `${transitionDuration},${animationDuration}`.split(",").some((one) => parseFloat(one) > 0.01);
    })
    .map((each) => each.outerHTML.slice(0, 160))"""
FILLED = "(dot) => getComputedStyle(dot).backgroundColor === getComputedStyle(dot).borderTopColor"


@pytest.fixture(scope="module")
def shown(program: Program) -> Iterator[tuple[Person, Showcase]]:
    person = Person(program.url, "somebody who looks around")
    keep_open(person.http)
    yield person, fill(person)
    person.http.close()


@pytest.fixture
def look(chromium: Browser, program: Program, shown: tuple[Person, Showcase]) -> Iterator[Callable[..., Page]]:
    contexts = []

    def at(name: str, *, phone: bool = False) -> Page:
        person, showcase = shown
        context = chromium.new_context(
            base_url=program.url,
            reduced_motion="reduce",
            viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 860},
            has_touch=phone,
            is_mobile=phone,
        )
        contexts.append(context)
        page = enter(context.new_page(), person)
        page.set_default_timeout(PATIENCE_MS)
        visit(page, places(showcase)[name])
        return page

    yield at
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_in_either_theme(look: Callable[..., Page], name: str) -> None:
    page = look(name)
    check_in_both_themes(page)


def check_in_both_themes(page: Page) -> None:
    page.evaluate(AXE)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        settle(page)
        result = page.evaluate(RUN)
        assert result["found"] == [], f"in the {theme} theme"
        assert result["passed"] > 10


@pytest.mark.parametrize("name", NAMES)
def test_on_a_phone_nothing_is_cut_off_and_everything_can_be_hit(look: Callable[..., Page], name: str) -> None:
    page = look(name, phone=True)
    page.evaluate(AXE)
    assert page.evaluate(RUN)["found"] == []
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} scrolls sideways by {too_wide} pixels"
    assert page.evaluate(SMALL) == []


def test_the_sign_in_page_is_sound_in_both_themes(chromium: Browser, program: Program) -> None:
    context = chromium.new_context(base_url=program.url)
    page = context.new_page()
    page.goto("/signin")
    page.get_by_role("button", name="Continue").wait_for()
    check_in_both_themes(page)
    context.close()


def test_nothing_moves_for_who_asked_for_that(look: Callable[..., Page]) -> None:
    page = look("task")
    page.get_by_role("combobox", name="Status").select_option("blocked")
    page.get_by_role("status", name="What just happened").get_by_text("moved to blocked").wait_for()
    assert page.evaluate(MOVING) == []
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(MOVING) != []


def test_presence_is_seen_where_the_device_chooses_the_colours(look: Callable[..., Page]) -> None:
    page = look("workspaces")
    page.emulate_media(forced_colors="active")
    rows = page.get_by_role("main").get_by_role("listitem")
    for agents, filled in (("Agent", True), ("No agent", False)):
        dot = rows.get_by_role("img", name=f"{agents} connected").first
        assert dot.evaluate(FILLED) is filled


def test_axe_would_find_something(look: Callable[..., Page]) -> None:
    page = look("needs-me")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    page.evaluate(AXE)
    assert any("button-name" in each for each in page.evaluate(RUN)["found"])
