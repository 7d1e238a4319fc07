"""The service worker of a window, seen from outside: what it keeps, what it shows, and what is clicked.

The worker is the real one, and what it shows the browser has really put up. Two things are not real. What a push
service would deliver is handed over through the DevTools protocol. And `pushManager.subscribe` would ask the browser
vendor's service for an address, which is not reachable from a test: the page gets the address of a `Browser`.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, Worker, expect

from tests.support.clients import Json
from tests.support.push import Browser
from tests.support.waiting import eventually

# Chromium forgets a notification that is being put up while the list is asked for: it is asked for afterwards.
TELL_WHEN_SHOWN = """() => {
    const { showNotification } = ServiceWorkerRegistration.prototype;
    self.told = 0;
    ServiceWorkerRegistration.prototype.showNotification = async function (...all) {
        await showNotification.apply(this, all);
        self.told += 1;
        self.onshown?.();
    };
}"""
NOTIFICATIONS = """registration.getNotifications().then((all) => all.map(({ title, body, tag, actions }) =>
    ({ title, body, tag, actions: actions.map((action) => action.title) })))"""
CLICK = """async ([tag, action]) => {
    const [notification] = await registration.getNotifications({ tag });
    const event = new NotificationEvent("notificationclick", { notification, action });
    const told = new Promise((resolve) => (self.onshown = resolve));
    // Nothing holds the worker for an event that a script made; and only a real click may open or focus a window.
    const done = new Promise((resolve) => (event.waitUntil = (work) => resolve(work.catch((error) => error.name))));
    self.dispatchEvent(event);
    await Promise.race([told, done]);
}"""
KEPT = """async () => {
    const kept = {};
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
            kept[new URL(request.url).pathname] = await (await cache.match(request)).text();
        }
    }
    return kept;
}"""
SUBSCRIBED_BY_NOBODY = """(browser) => {
    const plain = (text) => atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = (text) => Uint8Array.from(plain(text), (character) => character.charCodeAt(0));
    const subscription = () => {
        const key = localStorage.getItem("test:subscribed");
        return key === null ? null : {
            endpoint: browser.endpoint,
            options: { applicationServerKey: bytes(key).buffer },
            toJSON: () => ({ endpoint: browser.endpoint, keys: browser.keys }),
            unsubscribe: async () => (localStorage.removeItem("test:subscribed"), true),
        };
    };
    PushManager.prototype.getSubscription = async () => subscription();
    PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
        if (!userVisibleOnly) throw new Error("refused, as by every browser");
        localStorage.setItem("test:subscribed", applicationServerKey);
        return subscription();
    };
}"""


class Device:
    """One browser with the dashboard in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), "the worker's taking over")
        self._worker: Worker = next(one for one in page.context.service_workers if one.url.endswith("/sw.js"))
        self._worker.evaluate(TELL_WHEN_SHOWN)
        self._devtools = page.context.new_cdp_session(page)
        registrations: list[Json] = []
        self._devtools.on(
            "ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"])
        )
        self._devtools.send("ServiceWorker.enable")
        # Each call lets Playwright hear what the browser says.
        eventually(lambda: page.evaluate("null") or registrations, "hearing of the worker")
        self._registration: str = registrations[0]["registrationId"]

    def push(self, message: Json | str) -> None:
        """Returns when the worker has shown what it shows for it."""
        before = self._worker.evaluate("told")
        data = message if isinstance(message, str) else json.dumps(message)
        origin: str = self.page.evaluate("location.origin")
        self._devtools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": origin, "registrationId": self._registration, "data": data},
        )
        eventually(lambda: self._worker.evaluate("told") > before, "showing what was pushed")

    @property
    def notifications(self) -> list[Json]:
        shown: list[Json] = self._worker.evaluate(NOTIFICATIONS)
        return shown

    def shown(self, **as_said: Any) -> Json:
        """The notification that says this, as soon as there is one."""

        def found() -> Json | None:
            return next((one for one in self.notifications if as_said.items() <= one.items()), None)

        return eventually(found, f"a notification with {as_said}")

    def expect_none(self) -> None:
        eventually(lambda: not self.notifications, "taking all notifications away")

    def click(self, tag: str, action: str = "") -> None:
        """On the notification, or on one of its buttons. Returns when it led somewhere, or was answered."""
        self._worker.evaluate(CLICK, [tag, action])

    @property
    def kept(self) -> dict[str, str]:
        """The content of all caches, by path."""
        kept: dict[str, str] = self.page.evaluate(KEPT)
        return kept


def subscribes_as(page: Page, browser: Browser) -> None:
    subscription = {"endpoint": browser.endpoint, "keys": browser.subscription()["keys"]}
    page.add_init_script(f"({SUBSCRIBED_BY_NOBODY})({json.dumps(subscription)})")


def turn_on(page: Page) -> None:
    page.goto("/settings")
    page.get_by_role("button", name="Turn on for this device").click()
    expect(page.get_by_text("On for this device", exact=True)).to_be_visible()
