"""`make screenshots`: a picture of every view in both themes, on a desk and on a phone; the README shows one."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal, get_args

from playwright.sync_api import Browser, sync_playwright

from chalicelib.kernel.settings import Settings
from chalicelib.onebox.program import Program
from tests.e2e.browser.windows import enter
from tests.support.clients import Person, close_clients
from tests.support.showcase import Place, fill, places, settle, visit
from tests.support.unlimited import shared, unlimited

Theme = Literal["light", "dark"]
SIZES = {"desk": (1280, 820), "phone": (390, 844)}


def shoot(browser: Browser, owner: Person, folder: Path, theme: Theme, size: str, wanted: dict[str, Place]) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=str(owner.http.base_url),
        color_scheme=theme,
        viewport={"width": width, "height": height},
        has_touch=size == "phone",
        is_mobile=size == "phone",
        device_scale_factor=2 if size == "phone" else 1,
    )
    page = context.new_page()
    page.goto("/signin")
    page.get_by_role("button", name="Continue").wait_for()
    page.screenshot(path=folder / f"sign-in-{theme}-{size}.png")
    enter(page, owner)
    for name, place in wanted.items():
        visit(page, place)
        page.screenshot(path=folder / f"{name}-{theme}-{size}.png")
        if place.path.startswith("/w/") or name == "needs-me":
            settle(page)
            page.screenshot(path=folder / f"{name}-{theme}-{size}-whole.png", full_page=True)
    context.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for older in folder.glob("*.png"):
        older.unlink()
    path = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as data:
        program = Program(shared(unlimited(Settings(port=0, data=Path(data), log_level="WARNING")))).start()
        owner = Person.owner(program.url)
        wanted = places(fill(owner))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for theme in get_args(Theme):
                for size in SIZES:
                    shoot(browser, owner, folder, theme, size, wanted)
            browser.close()
        close_clients()
        program.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
