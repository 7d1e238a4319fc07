"""The dashboard as an application of the device: without a network, and in a new version."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chalicelib.onebox.program import CONTENT_SECURITY_POLICY, DASHBOARD, Program
from chalicelib.onebox.static import StaticSite
from tests.e2e.browser.device import Device
from tests.e2e.browser.windows import connection, open_place
from tests.support.clients import Person
from tests.support.waiting import eventually

KEPT_BESIDE = ("/theme.js", "/icon.svg", "/manifest.webmanifest")


@pytest.fixture
def page(device: Device) -> Page:
    return device.page


def test_it_can_be_installed(page: Page, device: Device) -> None:
    devtools = page.context.new_cdp_session(page)
    manifest = devtools.send("Page.getAppManifest")
    assert (manifest["url"].rpartition("/")[2], manifest["errors"]) == ("manifest.webmanifest", [])
    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
    for icon in json.loads(manifest["data"])["icons"]:
        size = page.evaluate(
            "(src) => new Promise((done) => Object.assign(new Image(), "
            "{ src, onload: (event) => done(`${event.target.naturalWidth}x${event.target.naturalHeight}`) }))",
            icon["src"],
        )
        assert icon["sizes"] in (size, "any")


def test_it_opens_without_a_network_and_goes_on_by_itself_when_there_is_one(
    page: Page, device: Device, workspace_id: str
) -> None:
    page.context.set_offline(True)
    page.goto(f"/w/{workspace_id}")
    expect(page.get_by_role("alert")).to_contain_text("Handrail cannot be reached")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="my-saas-backend")).to_be_visible()
    expect(connection(page)).to_contain_text("Live")


def test_every_view_is_there_without_a_network_for_who_was_here_before(
    page: Page, device: Device, workspace_id: str
) -> None:
    page.context.set_offline(True)
    expect(connection(page)).not_to_contain_text("Live")
    for path in ("/workspaces", "/settings", f"/w/{workspace_id}", f"/w/{workspace_id}/settings"):
        page.evaluate(
            "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path
        )
        expect(page.locator("main h1")).not_to_have_text("This page could not be loaded")
        expect(page.locator("main h1")).to_be_visible()


def test_no_cache_ever_holds_what_the_server_computed(page: Page, device: Device, person: Person) -> None:
    workspace = person.create_workspace("A most secret project")["id"]
    for path in (f"/w/{workspace}", f"/w/{workspace}/settings", "/settings", "/"):
        open_place(page, path)
    page.evaluate("fetch('/api/workspaces').then((answer) => answer.json())")
    in_session = device.kept
    assert {"/", "/theme.js", "/manifest.webmanifest"} < in_session.keys()
    assert all(path in ("/", *KEPT_BESIDE) or path.startswith("/assets/") for path in in_session)
    assert "secret project" not in "".join(in_session.values())

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Continue").wait_for()
    assert device.kept == in_session


@pytest.fixture
def site(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built dashboard, served in its place."""
    copy = tmp_path / "dist"
    shutil.copytree(DASHBOARD, copy, ignore=shutil.ignore_patterns("*.gz", "*.br"))
    monkeypatch.setattr(program.gateway, "_fallback", StaticSite(copy, CONTENT_SECURITY_POLICY))
    return copy


def deploy(site: Path) -> str:
    """A version whose style sheet has another name, which it returns. Page and worker agree, as in a build."""
    (style,) = site.glob("assets/style-*.css")
    newer = style.with_name("style-newer.css")
    style.rename(newer)
    for file in (site / "index.html", site / "sw.js"):
        file.write_text(file.read_text().replace(style.name, newer.name))
    worker = site / "sw.js"
    script, replaced = re.subn(
        r"\bversion:.[0-9a-f]{12}\b", lambda found: found[0][:-12] + "newer0000000", worker.read_text()
    )
    assert replaced == 1
    worker.write_text(script)
    return f"/assets/{newer.name}"


def test_a_new_version_waits_for_the_person(site: Path, page: Page, device: Device) -> None:
    updates = page.get_by_role("status", name="Updates")
    expect(updates).to_be_empty()
    before = page.evaluate("caches.keys()")
    style = deploy(site)
    page.get_by_role("button", name="New workspace").first.click()
    page.get_by_role("textbox", name="Workspace name").fill("half a na")
    page.evaluate("navigator.serviceWorker.getRegistration().then((registration) => registration.update())")
    expect(updates).to_contain_text("A new version is there.")
    expect(page.get_by_role("textbox", name="Workspace name")).to_have_value("half a na")
    page.get_by_role("button", name="Cancel").click()

    updates.get_by_role("button", name="Reload").click()
    expect(page.locator(f"link[href='{style}']")).to_have_count(1)
    expect(connection(page)).to_contain_text("Live")
    expect(updates).to_be_empty()
    after = page.evaluate("caches.keys()")
    assert (len(after), set(before) & set(after)) == (1, set())


def test_a_new_version_shows_at_once_to_who_opens_the_page(site: Path, page: Page, device: Device) -> None:
    style = deploy(site)
    page.reload()
    expect(page.locator(f"link[href='{style}']")).to_have_count(1)
    expect(connection(page)).to_contain_text("Live")
    # Nobody runs the old one any more: the new one takes over without a word.
    eventually(lambda: "newer" in "".join(page.evaluate("caches.keys()")), "taking over")
    expect(page.get_by_role("status", name="Updates")).to_be_empty()
