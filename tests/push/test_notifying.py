"""Who is told what, and when: what newly waits for a person reaches their browsers, once, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.kernel.entity import Actor
from chalicelib.kernel.listening import event_of
from chalicelib.kernel.scope import Scope
from chalicelib.onebox.program import Program
from chalicelib.push import listeners, notifications
from chalicelib.push.notifications import Notification
from chalicelib.tasks import replies
from chalicelib.wiring import notify as wired_notify
from tests.support.clients import Agent, Json, Person
from tests.support.push import Browser, PushServices, claims_of
from tests.support.scopes import of_agent
from tests.support.waiting import everything_notified

ASKED = "notifications/claude/channel/permission_request"


def ask(agent: Agent, command: str = '{"command":"npm test"}', id: str = "r1", **more: str) -> None:
    params = {"request_id": id, "tool_name": "Bash", "description": "", "input_preview": command} | more
    assert agent.notify(ASKED, params).status_code == 202


def told(program: Program, services: PushServices, browser: Browser) -> list[Json]:
    """What the browser was told, once all that happened has been looked at."""
    everything_notified(program)
    return [browser.read(posted) for posted in services.posted if browser.is_for(posted)]


def test_a_permission_request_reaches_the_persons_browser(
    services: PushServices, person: Person, workspace_id: str, agent: Agent, browser: Browser
) -> None:
    task = agent.call("createTask", title="Deploy", body="")["task_id"]
    ask(agent, task_id=task)
    (posted,) = services.wait_for(browser.is_for)
    permission = person.ask("GET", f"/api/workspaces/{workspace_id}/permissions")["items"][0]
    assert browser.read(posted) == {
        "kind": "permission",
        "tag": f"permission {permission['id']}",
        "title": "laptop asks to use Bash · my-saas-backend",
        "body": '{"command":"npm test"}',
        "url": f"/w/{workspace_id}/t/{task}",
        "workspace_id": workspace_id,
        "task_id": task,
        "permission_id": permission["id"],
        "complete": True,
        "waiting": 1,
    }


def test_a_push_service_can_tell_who_sends_and_how_it_is_to_be_kept(
    services: PushServices, person: Person, agent: Agent, browser: Browser
) -> None:
    ask(agent)
    (posted,) = services.wait_for(browser.is_for)
    claims = claims_of(posted, person.ask("GET", "/api/push")["public_key"])
    assert claims["aud"] == "https://fcm.googleapis.com"
    assert claims["sub"].startswith(("mailto:", "https:"))
    assert posted.headers["urgency"] == "high"
    assert int(posted.headers["ttl"]) > 0
    assert 0 < len(posted.headers["topic"]) <= 32


def test_a_task_for_a_person_and_what_is_written_in_it_are_told_under_one_tag(
    program: Program, services: PushServices, agent: Agent, browser: Browser
) -> None:
    task = agent.call("createTask", title="Which database?", body="One of two.", assignee="human")["task_id"]
    everything_notified(program)
    agent.call("reply", chat_id=task, text="Postgres or SQLite?")
    first, second = told(program, services, browser)
    assert (first["kind"], first["title"], first["body"]) == (
        "task",
        "laptop gave you a task · my-saas-backend",
        "Which database?\nOne of two.",
    )
    assert (second["title"], second["body"]) == (
        "laptop wrote to you · my-saas-backend",
        "Which database?\nPostgres or SQLite?",
    )
    assert first["tag"] == second["tag"] == f"task {task}"
    topics = {posted.headers["topic"] for posted in services.posted}
    assert len(topics) == 1
    assert {posted.headers["urgency"] for posted in services.posted} == {"normal"}


def test_files_without_words_are_told_as_such(
    program: Program, services: PushServices, agent: Agent, browser: Browser
) -> None:
    task = agent.call("createTask", title="Which one?", body="", assignee="human")["task_id"]
    everything_notified(program)
    file = {"filename": "a.txt", "data": "aGk="}
    agent.call("reply", chat_id=task, text="", attachments=[file, file])
    assert told(program, services, browser)[-1]["body"] == "Which one?\n2 files"


def test_an_agent_that_waits_for_a_reply_is_told_of_once(
    program: Program, services: PushServices, person: Person, workspace_id: str, agent: Agent, browser: Browser
) -> None:
    task = person.create_task(workspace_id, "Build it")["id"]
    agent.call("reply", chat_id=task, text="With tests?")
    assert told(program, services, browser) == []
    replies.ask(of_agent(agent), task)
    (notification,) = told(program, services, browser)
    assert notification["kind"] == "question"
    assert notification["title"] == "laptop waits for your answer · my-saas-backend"
    assert notification["body"] == "Build it\nWith tests?"
    assert (notification["complete"], notification["permission_id"]) == (False, None)
    replies.ask(of_agent(agent), task)
    agent.call("updateTaskStatus", task_id=task, status="blocked")
    agent.call("reply", chat_id=task, text="Still there?")
    assert len(told(program, services, browser)) == 1
    person.reply(workspace_id, task, "Yes")
    replies.ask(of_agent(agent), task)
    assert len(told(program, services, browser)) == 2


@pytest.mark.usefixtures("held_up")
def test_what_changes_several_times_before_its_turn_is_told_once_as_it_is_then(
    program: Program, services: PushServices, agent: Agent, browser: Browser
) -> None:
    assert program.engine is not None
    task = agent.call("createTask", title="Which?", body="", assignee="human")["task_id"]
    for text in ("This one?", "Or that one?"):
        agent.call("reply", chat_id=task, text=text)
    agent.call("createTask", title="Another", body="", assignee="human")
    listeners.notify([change.record for change in program.engine.changes(0, 1_000)])
    said = [browser.read(posted) for posted in services.posted]
    assert sorted((one["body"], one["waiting"]) for one in said) == [("Another", 2), ("Which?\nOr that one?", 2)]


@pytest.mark.usefixtures("held_up")
def test_a_change_that_cannot_be_told_is_named_and_those_before_it_are_told(
    program: Program, services: PushServices, agent: Agent, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program.engine is not None
    for title in ("Told", "Failing", "Not yet"):
        agent.call("createTask", title=title, body="", assignee="human")
    records: list[Json] = [
        dict(one.record) for one in program.engine.changes(0, 1_000) if event_of(one.record) is not None
    ]
    about = notifications.about

    def failing(scope: Scope, sort_key: str, actor: Actor) -> Notification | None:
        found = about(scope, sort_key, actor)
        if found is not None and "Failing" in str(found):
            raise RuntimeError("it fails")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(notifications, "about", failing)
        answer = listeners.notify(records)
    (failed,) = [one["dynamodb"] for one in records if "Failing" in str(one)]
    assert answer == {"batchItemFailures": [{"itemIdentifier": failed["SequenceNumber"]}]}
    assert [browser.read(posted)["body"] for posted in services.posted] == ["Told"]


def test_what_a_rule_allows_at_once_is_not_told(
    program: Program, services: PushServices, person: Person, workspace_id: str, agent: Agent, browser: Browser
) -> None:
    rule = {"tool_name": "Bash", "pattern": "npm test"}
    person.ask("POST", f"/api/workspaces/{workspace_id}/permission_rules", 201, json=rule)
    ask(agent)
    assert told(program, services, browser) == []
    ask(agent, '{"command":"npm publish"}', "r2")
    assert len(told(program, services, browser)) == 1


def test_what_somebody_did_themselves_is_not_told_them(
    program: Program, services: PushServices, person: Person, workspace_id: str, browser: Browser
) -> None:
    task = person.create_task(workspace_id, "Mine", assignee="human")["id"]
    other = person.create_task(workspace_id, "Not yet mine")["id"]
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{other}", json={"assignee": "human"})
    person.ask("PATCH", f"/api/workspaces/{workspace_id}/tasks/{task}", json={"title": "Still mine"})
    assert person.ask("GET", "/api/inbox")["items"] != []
    assert told(program, services, browser) == []


def test_what_is_settled_when_its_turn_comes_is_not_told(
    program: Program,
    services: PushServices,
    person: Person,
    workspace_id: str,
    agent: Agent,
    browser: Browser,
    held_up: Callable[[], None],
) -> None:
    ask(agent)
    question = agent.call("createTask", title="Which?", body="", assignee="human")["task_id"]
    permission = person.ask("GET", f"/api/workspaces/{workspace_id}/permissions")["items"][0]["id"]
    decision = f"/api/workspaces/{workspace_id}/permissions/{permission}/decision"
    person.ask("PUT", decision, json={"behavior": "allow"})
    person.reply(workspace_id, question, "That one")
    gone = agent.call("createTask", title="Never mind", body="", assignee="human")["task_id"]
    person.ask("DELETE", f"/api/workspaces/{workspace_id}/tasks/{gone}", 204)
    held_up()
    assert told(program, services, browser) == []


def test_the_badge_counts_what_waits_in_all_workspaces_of_the_person(
    program: Program, services: PushServices, person: Person, agent: Agent, browser: Browser
) -> None:
    other = person.create_workspace("another")["id"]
    person.agent(other).initialize().call("createTask", title="There", body="", assignee="human")
    everything_notified(program)
    ask(agent)
    *_, newest = told(program, services, browser)
    assert newest["waiting"] == 2
    assert newest["waiting"] == len(person.ask("GET", "/api/inbox")["items"])


def test_every_browser_of_a_person_is_told_and_no_browser_of_another(
    program: Program, services: PushServices, person: Person, agent: Agent, new_person: Callable[[], Person]
) -> None:
    own = [Browser(), Browser("updates.push.services.mozilla.com")]
    for browser in own:
        browser.registered(person)
    stranger = new_person()
    stranger.create_workspace()
    foreign = Browser()
    foreign.registered(stranger)
    ask(agent)
    assert [len(told(program, services, browser)) for browser in (*own, foreign)] == [1, 1, 0]


def test_a_deleted_workspace_tells_nothing(
    program: Program,
    services: PushServices,
    person: Person,
    workspace_id: str,
    agent: Agent,
    browser: Browser,
    held_up: Callable[[], None],
) -> None:
    ask(agent)
    person.ask("DELETE", f"/api/workspaces/{workspace_id}", 204, json={"confirm": "my-saas-backend"})
    held_up()
    assert told(program, services, browser) == []


def test_what_is_served_twice_has_the_same_tag_and_topic(
    program: Program,
    services: PushServices,
    agent: Agent,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once = wired_notify.notify

    def twice(records: list[Json]) -> Json:
        once(records)
        return dict(once(records))

    monkeypatch.setattr(wired_notify, "notify", twice)
    ask(agent)
    first, second = told(program, services, browser)
    assert first == second
    assert len({posted.headers["topic"] for posted in services.posted}) == 1
