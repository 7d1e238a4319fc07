"""A workspace in the middle of a day, and every place of the dashboard to look at it from."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from chalicelib.kernel import clock
from chalicelib.kernel.settings import DAY
from tests.support.clients import Agent, Person

PIXELS = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
)
REPORT = """The library is at **4.2** now; `checkout` and `refund` are moved.

| module | before | after |
|---|---|---|
| checkout | 41 tests | 44 tests |
| refund | 18 tests | 19 tests |

```python
def refund(order: Order) -> Receipt:
    return gateway.refund(order.payment_id, amount=order.total)
```

- [x] move the calls
- [ ] remove the old endpoint"""


@dataclass(frozen=True)
class Showcase:
    workspace_id: str
    task_id: str
    archived_id: str


@dataclass(frozen=True)
class Place:
    """An address, and what to do there before one looks."""

    path: str
    prepare: Callable[[Page], None] = lambda page: None


def fill(person: Person) -> Showcase:
    workspace_id: str = person.create_workspace("my-saas-backend", mission="The API and its workers.")["id"]
    person.create_workspace("mobile-app-rewrite", mission="The new app, on both platforms.")
    archived_id: str = person.create_workspace("data-pipeline")["id"]
    person.ask("PUT", f"/api/workspaces/{archived_id}/archive")
    with clock.moved(-27 * DAY):
        person.generate_token(workspace_id, "build server")
    agent = person.agent(workspace_id, "claude on laptop").initialize()
    task_id = _work(person, agent)
    _others(person, workspace_id, agent)
    person.ask(
        "POST",
        f"/api/workspaces/{workspace_id}/permission_rules",
        201,
        json={"tool_name": "Bash", "pattern": "git status --short"},
    )
    return Showcase(workspace_id, task_id, archived_id)


def _work(person: Person, agent: Agent) -> str:
    """A task that somebody looks at: talked about, changed, with sub-tasks, a file and an open approval."""
    ws = agent.workspace_id
    files = [_file("checkout.png", "image/png", PIXELS), _file("error.log", "text/plain", b"402 Payment Required\n")]
    uploaded = [person.ask("POST", f"/api/workspaces/{ws}/attachments", 201, json=file) for file in files]
    task = person.create_task(
        ws,
        "Upgrade the payment library",
        body="Version 4 drops the old webhooks. See `payments/gateway.py`.",
        attachments=[{"id": file["id"]} for file in uploaded],
    )
    id: str = task["id"]
    agent.call("getNextTask")
    agent.call("updateTaskStatus", task_id=id, status="ongoing")
    agent.call("reply", chat_id=id, text=REPORT)
    person.reply(ws, id, "Good. Keep the old endpoint until Friday.")
    agent.call("getTaskMessages", task_id=id)
    person.reply(ws, id, "And tell the mobile team.")
    for title in ("Remove the old webhooks", "Tell the mobile team"):
        person.create_task(ws, title, parent_id=id)
    ask(agent, id, "pytest tests/payments", "Run the tests of the payment module")
    return id


def _others(person: Person, ws: str, agent: Agent) -> None:
    titles = (
        "Write the release notes",
        "Rate limits for the public API",
        "Flaky test in the mailer",
        "Drop Python 3.10",
    )
    for title, status in zip(titles, ("notstarted", "blocked", "completed", "rejected"), strict=True):
        task = person.create_task(ws, title)
        if status == "blocked":
            person.ask("PATCH", f"/api/workspaces/{ws}/tasks/{task['id']}", json={"status": "ongoing"})
        if status != "notstarted":
            person.ask("PATCH", f"/api/workspaces/{ws}/tasks/{task['id']}", json={"status": status})
    agent.call("createTask", title="Which region for the new bucket?", body="Users are in the EU.", assignee="human")


def ask(agent: Agent, task_id: str, command: str, description: str) -> None:
    agent.notify(
        "notifications/claude/channel/permission_request",
        {
            "request_id": "abcde",
            "tool_name": "Bash",
            "description": description,
            "input_preview": json.dumps({"command": command}),
            "task_id": task_id,
        },
    )


def _file(filename: str, mime_type: str, content: bytes) -> dict[str, str]:
    return {"filename": filename, "mime_type": mime_type, "data": base64.b64encode(content).decode()}


def places(shown: Showcase) -> dict[str, Place]:
    """Every view and every dialog, by name."""
    workspace = f"/w/{shown.workspace_id}"
    return {
        "needs-me": Place("/"),
        "workspaces": Place("/workspaces"),
        "new-workspace": Place("/workspaces", _press("New workspace")),
        "list": Place(workspace),
        "list-filtered": Place(f"{workspace}?status=completed,rejected"),
        "list-nothing-found": Place(f"{workspace}?q=nothing+has+this+in+it"),
        "board": Place(f"{workspace}?view=board"),
        "new-task": Place(workspace, _press("New task")),
        "task": Place(f"{workspace}/t/{shown.task_id}"),
        "settings": Place(f"{workspace}/settings"),
        "settings-tokens": Place(f"{workspace}/settings#tokens"),
        "settings-rules": Place(f"{workspace}/settings#rules"),
        "settings-members": Place(f"{workspace}/settings#members"),
        "invitation": Place("/invitations#of-nothing"),
        "archived": Place(f"/w/{shown.archived_id}"),
        "personal": Place("/settings"),
        "palette": Place(workspace, _keys("ControlOrMeta+k")),
        "shortcuts": Place(workspace, _keys("?")),
        "not-found": Place("/there/is/nothing/here"),
    }


def _keys(keys: str) -> Callable[[Page], None]:
    """For those that open a dialog."""

    def press(page: Page) -> None:
        page.keyboard.press(keys)
        page.get_by_role("dialog").wait_for()

    return press


def _press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name).first.click()


def visit(page: Page, place: Place) -> None:
    """Goes there and waits until everything that was fetched is shown."""
    page.goto(place.path)
    page.locator("main h1, main h2").first.wait_for()
    settle(page)
    place.prepare(page)
    settle(page)


def settle(page: Page) -> None:
    """Until no request but the event stream is under way, and nothing moves any more."""
    page.wait_for_function(
        """() => {
            const last = performance.getEntriesByType("resource").at(-1);
            const quiet = !last || performance.now() - last.responseEnd > 150;
            const still = document.getAnimations().every((each) => each.playState !== "running");
            return quiet && still && !document.querySelector("[aria-busy=true]");
        }"""
    )
