"""The history of a task: every change once, by whom and from what to what, in the order in which it happened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.kernel import clock, store
from chalicelib.kernel.settings import settings
from chalicelib.onebox.program import Program
from chalicelib.tasks import rules
from chalicelib.tasks.rules import TaskChanges
from tests.support.clients import Agent, Json, Person
from tests.support.reducer import pages
from tests.support.scopes import of_person
from tests.support.waiting import everything_published

Line = tuple[str, str | None, str | None]


class Story:
    """One task, and what is told of it."""

    def __init__(self, person: Person, ws: str) -> None:
        self.person, self.ws = person, ws
        self.id: str = person.create_task(ws)["id"]
        self.path = f"/api/workspaces/{ws}/tasks/{self.id}"

    def patch(self, answer_status: int = 200, /, **changes: object) -> Json:
        answer: Json = self.person.ask("PATCH", self.path, answer_status, json=changes)
        return answer

    def records(self, **query: object) -> list[Json]:
        return pages(self.person, f"{self.path}/activities", **query)

    def lines(self) -> list[Line]:
        return [(one["kind"], one["before"], one["after"]) for one in self.records()]

    def events(self) -> list[Json]:
        """All events of the workspace so far."""
        head = self.person.ask("GET", f"/api/workspaces/{self.ws}")["seq"]
        stream = self.person.events(self.ws, after=0)
        stream.wait_for(lambda frame: frame.id == str(head))
        return [frame.json for frame in stream.frames]


@pytest.fixture
def story(person: Person, workspace_id: str) -> Story:
    return Story(person, workspace_id)


@pytest.fixture
def other(person: Person, workspace_id: str) -> Agent:
    return person.agent(workspace_id, "other").initialize()


def test_a_task_that_nobody_changed_has_no_history(story: Story) -> None:
    assert story.records() == []


def test_what_a_person_changes_is_told_with_both_sides_but_for_a_body(story: Story) -> None:
    story.patch(title="Do it well")
    story.patch(body="With care.")
    story.patch(status="ongoing")
    story.patch(assignee="human")
    assert story.lines() == [
        ("title", "Do it", "Do it well"),
        ("body", None, None),
        ("status", "notstarted", "ongoing"),
        ("assignee", "agent", "human"),
    ]
    actor = {"kind": "person", "id": story.person.id, "name": story.person.session.name}
    assert all(one["actor"] == actor for one in story.records())
    assert all(
        (one["task_id"], one["workspace_id"], one["version"]) == (story.id, story.ws, 1) for one in story.records()
    )


def test_one_edit_of_several_things_is_one_event_with_a_record_of_each_in_a_fixed_order(story: Story) -> None:
    task = story.patch(status="rejected", assignee="human", body="b", title="t")
    event = story.events()[-1]
    assert (event["type"], event["task"]) == ("status.updated", task)
    assert [one["kind"] for one in event["activities"]] == ["title", "body", "assignee", "status"]
    assert event["activities"] == story.records()


def test_the_record_is_written_with_the_change_and_rides_on_its_event(story: Story, agent: Agent) -> None:
    story.patch(title="t")
    agent.call("reply", chat_id=story.id, text="on it")
    agent.call("updateTaskStatus", task_id=story.id, status="completed")
    told = [one for event in story.events() for one in event.get("activities", [])]
    assert told == story.records()


def test_a_card_that_is_dragged_to_another_column_is_one_version_one_event_and_one_record(story: Story) -> None:
    before = story.events()
    task = story.patch(position=0.25, status="ongoing")
    (event,) = story.events()[len(before) :]
    assert (task["version"], task["position"], task["status"]) == (2, 0.25, "ongoing")
    assert (event["type"], event["task"]) == ("status.updated", task)
    assert [one["kind"] for one in event["activities"]] == ["status"]


def test_what_changes_nothing_that_is_kept_is_not_told(story: Story, agent: Agent) -> None:
    story.patch(position=3)
    story.patch(title="Do it", body="", status="notstarted", assignee="agent")
    story.person.reply(story.ws, story.id, "hello")
    agent.call("createTask", title="?", body="", assignee="human", parent_id=story.id)
    story.person.ask("PUT", f"{story.path}/read")
    assert story.records() == []
    assert not [event for event in story.events() if "activities" in event]


def test_a_change_that_is_refused_is_not_told(story: Story) -> None:
    story.patch(409, title="t", status="blocked")
    story.patch(409, title="t", version=7)
    story.patch(422, title="t", status="done")
    assert story.records() == []


def test_an_agents_first_reply_starts_the_task_in_its_own_name(story: Story, agent: Agent) -> None:
    agent.call("reply", chat_id=story.id, text="on it")
    agent.call("reply", chat_id=story.id, text="still on it")
    assert story.lines() == [("claim", None, "laptop"), ("status", "notstarted", "ongoing")]
    assert {one["actor"]["id"] for one in story.records()} == {agent.token_id}


def test_an_agent_that_starts_and_ends_a_task_takes_it_once(story: Story, agent: Agent) -> None:
    agent.call("getNextTask")
    agent.call("getNextTask")
    agent.call("updateTaskStatus", task_id=story.id, status="ongoing")
    agent.call("updateTaskStatus", task_id=story.id, status="ongoing")
    agent.call("updateTaskStatus", task_id=story.id, status="completed")
    assert story.lines() == [
        ("claim", None, "laptop"),
        ("status", "notstarted", "ongoing"),
        ("status", "ongoing", "completed"),
    ]


def test_a_claim_that_ran_out_is_told_when_another_agent_takes_the_task(
    story: Story, agent: Agent, other: Agent
) -> None:
    agent.call("getNextTask")
    with clock.moved(settings().claim_lease + 1):
        other.call("getNextTask")
    assert story.lines() == [("claim", None, "laptop"), ("claim", "laptop", "other")]


def test_a_task_that_a_person_takes_away_is_released(story: Story, agent: Agent) -> None:
    agent.call("getNextTask")
    story.patch(assignee="human")
    assert story.lines()[1:] == [("assignee", "agent", "human"), ("release", "laptop", None)]


def test_history_is_read_in_pages_the_oldest_first(story: Story) -> None:
    scope = of_person(story.person, story.ws)
    for number in range(25):
        rules.edit(scope, story.id, TaskChanges(title=f"t{number}", body=str(number)))
    everything = [one["id"] for one in story.records()]
    assert len(everything) == 50
    assert everything == sorted(everything)
    assert [one["id"] for one in story.records(limit=7)] == everything
    titles = [one["after"] for one in story.records(limit=9) if one["kind"] == "title"]
    assert titles == [f"t{number}" for number in range(25)]


def test_a_cursor_of_another_tasks_history_is_refused(story: Story, person: Person, workspace_id: str) -> None:
    for title in "ab":
        story.patch(title=title)
    cursor = person.ask("GET", f"{story.path}/activities?limit=1")["next_cursor"]
    another = Story(person, workspace_id)
    refused = person.ask("GET", f"{another.path}/activities", 422, params={"cursor": cursor})
    assert refused["errors"][0]["path"] == "cursor"


def test_every_one_of_many_racing_changes_is_told_once_and_they_follow_from_each_other(story: Story) -> None:
    scope = of_person(story.person, story.ws)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: rules.edit(scope, story.id, TaskChanges(title=f"t{n}")), range(24)))
    lines = story.lines()
    assert sorted(str(after) for _, _, after in lines) == sorted(f"t{number}" for number in range(24))
    assert [before for _, before, _ in lines[1:]] == [after for _, _, after in lines[:-1]]


def test_the_history_goes_with_the_task(program: Program, story: Story) -> None:
    scope = of_person(story.person, story.ws)
    for number in range(120):
        rules.edit(scope, story.id, TaskChanges(title=f"t{number}", body=str(number)))
    story.person.ask("DELETE", story.path, 204)
    assert story.person.http.get(f"{story.path}/activities").status_code == 404
    everything_published(program)
    left = store.WorkspaceItem.query(story.ws, store.WorkspaceItem.sk.startswith("activity#"), consistent_read=True)
    assert list(left) == []
