"""Notifications on the device: what they tell, what is decided in them, and when they go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from chalicelib.onebox.program import Program
from chalicelib.push.sending import https
from tests.e2e.browser.conftest import NewWindow
from tests.e2e.browser.device import Device, subscribes_as, turn_on
from tests.e2e.browser.windows import enter, open_place
from tests.support.clients import Agent, Json, Person
from tests.support.push import Browser, Loopback, Nowhere, PushServices, push_services
from tests.support.waiting import eventually


@pytest.fixture
def page(device: Device) -> Page:
    return device.page


def ask(person: Person, agent: Agent, command: str = "npm test") -> Json:
    """The permission that the agent now waits for."""
    asked = json.dumps({"command": command})
    params = {"request_id": command, "tool_name": "Bash", "description": "", "input_preview": asked}
    assert agent.notify("notifications/claude/channel/permission_request", params).status_code == 202
    return next(one for one in permissions(person, agent) if one["input"] == asked)


def permissions(person: Person, agent: Agent) -> list[Json]:
    all_of_them: list[Json] = person.ask("GET", f"/api/workspaces/{agent.workspace_id}/permissions")["items"]
    return all_of_them


def permission(person: Person, agent: Agent) -> Json:
    """The only one there is."""
    (only,) = permissions(person, agent)
    return only


def message_about(asked: Json, **more: object) -> Json:
    return {
        "kind": "permission",
        "tag": f"permission {asked['id']}",
        "title": "laptop asks to use Bash · my-saas-backend",
        "body": asked["input"],
        "url": "/",
        "workspace_id": asked["workspace_id"],
        "task_id": None,
        "permission_id": asked["id"],
        "complete": True,
        "waiting": 1,
        **more,
    }


def decision_path(asked: Json) -> str:
    return f"/api/workspaces/{asked['workspace_id']}/permissions/{asked['id']}/decision"


GO = "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')) }"


def test_signing_out_takes_everything_away_that_was_shown(
    page: Page, device: Device, person: Person, agent: Agent
) -> None:
    device.push(message_about(ask(person, agent)))
    device.shown(title="laptop asks to use Bash · my-saas-backend")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Continue").wait_for()
    device.expect_none()


def test_signing_out_elsewhere_takes_it_away_too(page: Page, device: Device, person: Person, agent: Agent) -> None:
    device.push(message_about(ask(person, agent)))
    device.shown(title="laptop asks to use Bash · my-saas-backend")
    person.ask("DELETE", "/auth/session", 204)
    page.get_by_role("button", name="Continue").wait_for()
    device.expect_none()


def test_what_is_seen_in_full_can_be_decided_right_there(device: Device, person: Person, agent: Agent) -> None:
    asked = ask(person, agent)
    device.push(message_about(asked))
    notification = device.shown(tag=f"permission {asked['id']}")
    assert notification["body"] == '{"command": "npm test"}'
    assert notification["actions"] == ["Allow once", "Deny"]
    device.click(notification["tag"], "allow")
    device.shown(tag=notification["tag"], title="Bash allowed once", body="laptop goes on.", actions=[])
    decided = permission(person, agent)
    assert (decided["status"], decided["behavior"], decided["decided_by"]["id"]) == ("allowed", "allow", person.id)


@pytest.mark.parametrize("more", [{"complete": False}, {"body": "x" * 400}, {"kind": "question"}])
def test_what_is_not_seen_in_full_can_only_be_opened(
    device: Device, person: Person, agent: Agent, more: dict[str, object]
) -> None:
    device.push(message_about(ask(person, agent), **more))
    assert device.shown(title="laptop asks to use Bash · my-saas-backend")["actions"] == []


@pytest.mark.parametrize("message", ["", "not JSON", "{}", '{"title": 1}'])
def test_a_message_that_is_not_understood_becomes_a_plain_notification(device: Device, message: str) -> None:
    device.push(message)
    assert device.shown(title="Handrail")["body"] == "Something may need you. Open Handrail to see what."


def test_who_comes_second_learns_who_was_first(device: Device, person: Person, agent: Agent) -> None:
    asked = ask(person, agent)
    person.ask("PUT", decision_path(asked), json={"behavior": "deny"})
    device.push(message_about(asked))
    device.shown(actions=["Allow once", "Deny"])
    device.click(f"permission {asked['id']}", "allow")
    told = device.shown(title="Already denied")
    assert told["body"].startswith("Bash was denied by person-")
    assert permission(person, agent)["status"] == "denied"


def test_deciding_when_signed_out_leads_to_the_door(page: Page, device: Device, person: Person, agent: Agent) -> None:
    asked = ask(person, agent)
    device.push(message_about(asked))
    device.shown(actions=["Allow once", "Deny"])
    page.context.clear_cookies()
    device.click(f"permission {asked['id']}", "allow")
    page.get_by_role("button", name="Continue").wait_for()
    assert permission(person, agent)["status"] == "pending"


def test_a_click_leads_an_open_page_there_without_reloading_it(
    page: Page, device: Device, person: Person, agent: Agent
) -> None:
    task = agent.call("createTask", title="Which region?", body="", assignee="human")
    path = f"/w/{agent.workspace_id}/t/{task['task_id']}"
    page.evaluate("window.still = 'the same page'")
    tag = f"task {task['task_id']}"
    message = {"kind": "question", "tag": tag, "title": "Which region?", "body": "", "url": path}
    device.push({**message, "workspace_id": agent.workspace_id, "waiting": 1})
    device.shown(tag=tag)
    device.click(tag)
    page.wait_for_url(f"**{path}")
    expect(page.get_by_role("heading", name="Which region?", level=1)).to_be_visible()
    assert page.evaluate("window.still") == "the same page"
    device.expect_none()


def test_what_is_settled_is_no_notification_any_more(device: Device, person: Person, agent: Agent) -> None:
    first, second = ask(person, agent, "npm test"), ask(person, agent, "npm run build")
    expect(device.page.get_by_role("article")).to_have_count(2)
    device.push(message_about(first))
    device.push(message_about(second))
    eventually(lambda: len(device.notifications) == 2, "showing both")
    person.ask("PUT", decision_path(first), json={"behavior": "allow"})
    eventually(
        lambda: [one["tag"] for one in device.notifications] == [f"permission {second['id']}"], "taking it away"
    )


@pytest.fixture
def services() -> Iterator[PushServices]:
    with push_services() as services:
        https.send_through(Loopback(services.port))
        yield services
        https.send_through(Nowhere())


def test_from_turning_it_on_to_the_agent_that_goes_on(
    services: PushServices, new_window: NewWindow, person: Person, agent: Agent
) -> None:
    page, browser = enter(new_window(), person), Browser()
    subscribes_as(page, browser)
    page.context.grant_permissions(["notifications"])
    turn_on(page)
    expect(page.get_by_role("list", name="Notified devices")).to_contain_text("Chrome on Linux, this one")
    page.reload()
    expect(page.get_by_text("On for this device", exact=True)).to_be_visible()

    asked = ask(person, agent)
    (posted,) = services.wait_for(browser.is_for)
    device = Device(page)
    device.push(browser.read(posted))
    device.shown(tag=f"permission {asked['id']}")
    device.click(f"permission {asked['id']}", "deny")
    eventually(lambda: permission(person, agent)["status"] == "denied", "deciding")


def test_it_is_turned_off_here_and_on_other_devices(new_window: NewWindow, program: Program, person: Person) -> None:
    name = person.ask("GET", "/auth/session")["person"]["name"]
    Browser().registered(Person(program.url, name), "Safari on iPhone")
    page = enter(new_window(), person)
    subscribes_as(page, Browser())
    page.context.grant_permissions(["notifications"])
    turn_on(page)
    devices = page.get_by_role("list", name="Notified devices").get_by_role("listitem")
    expect(devices).to_have_count(2)
    page.get_by_role("button", name="Remove Safari on iPhone").click()
    expect(devices).to_have_count(1)
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on for this device")).to_be_visible()
    assert person.ask("GET", "/api/push")["devices"] == []


def test_who_says_no_is_told_how_to_change_their_mind(new_window: NewWindow, person: Person) -> None:
    page = enter(new_window(), person)
    page.goto("/settings")
    expect(page.get_by_text("are blocked in this browser")).to_be_visible()
    page.context.grant_permissions(["notifications"])
    expect(page.get_by_role("button", name="Turn on for this device")).to_be_visible()


def test_another_person_on_the_same_device_begins_with_nothing(
    new_window: NewWindow, person: Person, new_person: Callable[[], Person]
) -> None:
    page = enter(new_window(), person)
    subscribes_as(page, Browser())
    page.context.grant_permissions(["notifications"])
    turn_on(page)
    somebody_else = new_person()
    open_place(enter(page, somebody_else), "/")
    eventually(lambda: page.evaluate("localStorage.getItem('test:subscribed') === null"), "unsubscribing")
    assert somebody_else.ask("GET", "/api/push")["devices"] == []
    page.goto("/settings")
    expect(page.get_by_role("button", name="Turn on for this device")).to_be_visible()
