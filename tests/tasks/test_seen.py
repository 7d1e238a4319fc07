"""What people wrote: whether an agent has seen it. It moves forward only, and never says what is not so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.inbox import acknowledging
from chalicelib.inbox.model import EVERYBODY, InboxEntry
from chalicelib.kernel import clock
from chalicelib.kernel.scope import Scope
from chalicelib.kernel.unit import Unit
from chalicelib.tasks import reading, replies, rules
from chalicelib.tasks.model import StoredTask
from chalicelib.tasks.replies import NewMessage
from chalicelib.tasks.rules import NewTask
from tests.support.clients import Agent, Json, Person
from tests.support.round_trips import Recorder
from tests.support.scopes import of_agent, of_person


class Talk:
    """A person and two agents about one task: the first agent's own question, unless `task` is changed."""

    def __init__(self, person: Person, ws: str, agent: Agent, other: Agent) -> None:
        self.person, self.ws, self.agent, self.other = person, ws, agent, other
        self.task: str = agent.call("createTask", title="Which?", body="", assignee="human")["task_id"]

    def now(self) -> Json:
        task: Json = self.person.ask("GET", f"/api/workspaces/{self.ws}/tasks/{self.task}")
        return task

    def seen(self) -> str | None:
        seen = self.now()["seen"]
        return seen["message_id"] if seen else None

    def says(self, text: str = "that one") -> str:
        id: str = self.person.reply(self.ws, self.task, text)["id"]
        return id

    def entries(self, agent: Agent | None = None) -> list[Json]:
        found: list[Json] = (agent or self.agent).call("getInbox")["entries"]
        return found

    def seq(self) -> int:
        return int(self.person.ask("GET", f"/api/workspaces/{self.ws}")["seq"])

    def events(self, after: int) -> list[Json]:
        head = self.seq()
        stream = self.person.events(self.ws, after=after)
        if head > after:
            stream.wait_for(lambda frame: frame.id == str(head))
        return [frame.json for frame in stream.frames]


@pytest.fixture
def talk(person: Person, workspace_id: str, agent: Agent) -> Talk:
    return Talk(person, workspace_id, agent, person.agent(workspace_id, "other").initialize())


def test_what_nobody_has_taken_from_the_inbox_is_not_seen(talk: Talk) -> None:
    assert talk.seen() is None
    talk.says()
    assert [entry["kind"] for entry in talk.entries()] == ["reply"]
    assert talk.seen() is None


def test_an_acknowledged_reply_is_seen_by_whom_and_when_and_the_task_is_otherwise_as_it_was(talk: Talk) -> None:
    message, before, seq = talk.says(), talk.now(), talk.seq()
    talk.agent.call("getInbox", ack=[talk.entries()[0]["id"]])
    after = talk.now()
    assert after["seen"].pop("at") > before["updated_at"]
    assert after["seen"] == {"message_id": message, "agent": {"id": talk.agent.token_id, "name": "laptop"}}
    assert {name for name in after if after[name] != before[name]} == {"seen", "version"}
    taken, moved = talk.events(seq)
    assert (taken["type"], moved["type"], moved["task"]) == ("inbox.acknowledged", "task.seen", talk.now())
    assert moved["actor"]["id"] == talk.agent.token_id


def test_several_replies_acknowledged_at_once_move_it_to_the_newest_in_one_event(talk: Talk) -> None:
    last = [talk.says(str(number)) for number in range(3)][-1]
    ids, seq = [entry["id"] for entry in talk.entries()], talk.seq()
    talk.agent.call("getInbox", ack=ids[::-1])
    assert talk.seen() == last
    assert [event["type"] for event in talk.events(seq)] == ["inbox.acknowledged", "task.seen"]


def test_an_older_reply_acknowledged_later_does_not_move_it_back(talk: Talk) -> None:
    talk.says("1")
    last = talk.says("2")
    first, second = (entry["id"] for entry in talk.entries())
    talk.agent.call("getInbox", ack=[second])
    before = talk.now()
    assert before["seen"]["message_id"] == last
    talk.agent.call("getInbox", ack=[first])
    assert talk.now() == before


def test_what_another_agent_has_read_stays_read_by_that_one(talk: Talk) -> None:
    talk.says("1")
    last = talk.says("2")
    talk.other.call("getTaskMessages", task_id=talk.task)
    talk.agent.call("getInbox", ack=[entry["id"] for entry in talk.entries()])
    assert (talk.seen(), talk.now()["seen"]["agent"]["name"]) == (last, "other")


def test_a_thread_is_seen_as_far_as_it_was_given(talk: Talk) -> None:
    ids = [talk.says(str(number)) for number in range(5)]
    page = talk.agent.call("getTaskMessages", task_id=talk.task, limit=2)
    assert talk.seen() == ids[1]
    assert [entry["message_id"] for entry in talk.entries()] == ids[2:]
    talk.agent.call("getTaskMessages", task_id=talk.task, limit=2, cursor=page["next_cursor"])
    assert talk.seen() == ids[3]
    seq = talk.seq()
    talk.agent.call("getTaskMessages", task_id=talk.task, limit=2)
    assert (talk.seen(), talk.seq()) == (ids[3], seq)
    talk.agent.call("getTaskMessages", task_id=talk.task)
    assert (talk.seen(), talk.entries()) == (ids[4], [])


def test_what_agents_wrote_is_not_for_agents_to_see(talk: Talk) -> None:
    talk.agent.call("reply", chat_id=talk.task, text="?")
    seq = talk.seq()
    talk.other.call("getTaskMessages", task_id=talk.task)
    assert (talk.seen(), talk.seq()) == (None, seq)
    message = talk.says()
    talk.agent.call("reply", chat_id=talk.task, text="thanks")
    talk.other.call("getTaskMessages", task_id=talk.task)
    assert talk.seen() == message


def test_the_reply_that_an_agent_waited_for_is_seen_and_the_one_behind_it_is_not(talk: Talk) -> None:
    first, second, third = (talk.says(text) for text in "123")
    answer = talk.agent.call("waitForReply", task_id=talk.task, after=first)
    assert (answer["message_id"], talk.seen()) == (second, second)
    assert [entry["message_id"] for entry in talk.entries()] == [third]


@pytest.mark.parametrize(
    ("tool", "arguments", "event"),
    [
        ("reply", {"text": "thanks"}, "reply.received"),
        ("updateTaskStatus", {"status": "ongoing"}, "status.updated"),
    ],
)
def test_an_agent_that_acts_on_a_task_has_seen_what_people_wrote_before(
    talk: Talk, tool: str, arguments: Json, event: str
) -> None:
    talk.says("1")
    message, seq = talk.says("2"), talk.seq()
    talk.agent.call(tool, **{"chat_id" if tool == "reply" else "task_id": talk.task}, **arguments)
    (told,) = talk.events(seq)
    assert (told["type"], told["task"]["seen"]["message_id"], told["task"]) == (event, message, talk.now())
    assert talk.entries() == []


def test_replies_that_were_in_nobodys_inbox_are_seen_too(talk: Talk) -> None:
    talk.task = talk.person.create_task(talk.ws)["id"]
    first = talk.says("before anybody had it")
    talk.agent.call("getNextTask")
    assert (talk.seen(), talk.entries()) == (None, [])
    talk.agent.call("getTaskMessages", task_id=talk.task)
    assert talk.seen() == first
    talk.task = talk.person.create_task(talk.ws)["id"]
    second = talk.says("the same")
    talk.agent.call("reply", chat_id=talk.task, text="on it")
    assert talk.seen() == second


def test_what_a_person_does_is_not_seen_by_agents(talk: Talk) -> None:
    talk.says()
    path = f"/api/workspaces/{talk.ws}/tasks/{talk.task}"
    talk.person.ask("GET", f"{path}/messages")
    talk.person.ask("PUT", f"{path}/read")
    talk.person.ask("PATCH", path, json={"title": "t", "status": "ongoing"})
    assert talk.seen() is None


def test_an_archived_workspace_still_learns_what_was_seen(talk: Talk) -> None:
    message = talk.says()
    talk.person.ask("PUT", f"/api/workspaces/{talk.ws}/archive")
    talk.agent.call("getTaskMessages", task_id=talk.task)
    assert talk.seen() == message


def test_a_reply_to_a_task_that_is_gone_is_acknowledged_like_any_other(talk: Talk) -> None:
    talk.says()
    entry = talk.entries()[0]["id"]
    talk.person.ask("DELETE", f"/api/workspaces/{talk.ws}/tasks/{talk.task}", 204)
    assert talk.agent.call("getInbox", ack=[entry])["acknowledged"] == [entry]
    assert [one["kind"] for one in talk.entries()] == ["cancelled"]


# -- what races ---------------------------------------------------------------------------


@pytest.fixture
def before_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen once, after a unit has read and decided and before it commits."""
    commit = Unit.commit

    def arrange(action: Callable[[], object]) -> None:
        left = [action]

        def after_that(unit: Unit) -> None:
            if left:
                left.pop()()
            commit(unit)

        monkeypatch.setattr(Unit, "commit", after_that)

    return arrange


BeforeCommit = Callable[[Callable[[], object]], None]


@pytest.fixture
def by_person(talk: Talk) -> Scope:
    return of_person(talk.person, talk.ws)


def reply_of(scope: Scope, talk: Talk, text: str = "one more thing") -> str:
    return replies.reply(scope, talk.task, NewMessage(text=text)).id


def test_a_reply_that_races_with_the_acknowledgement_of_another_stays_unseen(
    talk: Talk, by_person: Scope, before_commit: BeforeCommit
) -> None:
    first = talk.says()
    entry = talk.entries()[0]["id"]
    before_commit(lambda: reply_of(by_person, talk))
    assert acknowledging.acknowledge(of_agent(talk.agent), [entry]) == [entry]
    task = talk.now()
    assert (task["seen"]["message_id"], task["messages"]) == (first, 2)
    (left,) = talk.entries()
    assert left["message_id"] == task["last_message"]["id"] > first


def test_two_acknowledgements_that_race_count_once_and_end_at_the_newest(
    talk: Talk, before_commit: BeforeCommit
) -> None:
    last = [talk.says(str(number)) for number in range(2)][-1]
    first, second = (entry["id"] for entry in talk.entries())
    scope = of_agent(talk.agent)
    before_commit(lambda: acknowledging.acknowledge(of_agent(talk.agent), [first, second]))
    assert acknowledging.acknowledge(scope, [first]) == []
    assert (talk.seen(), talk.entries()) == (last, [])
    assert "unread" not in talk.agent.call("getWorkspace")


def test_a_reply_that_comes_after_the_thread_was_read_is_not_taken_for_read(
    talk: Talk, by_person: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, later = talk.says(), list[str]()
    messages = reading.messages

    def then_a_reply(*arguments: Any, **more: Any) -> Any:
        page = messages(*arguments, **more)
        later.append(reply_of(by_person, talk))
        return page

    monkeypatch.setattr(reading, "messages", then_a_reply)
    assert [one["id"] for one in talk.agent.call("getTaskMessages", task_id=talk.task)["messages"]] == [first]
    monkeypatch.undo()
    assert talk.seen() == first
    assert [entry["message_id"] for entry in talk.entries()] == later


@pytest.mark.parametrize("moment", ["after the call arrived", "before the commit"])
@pytest.mark.parametrize("act", ["reply", "status"])
def test_an_agent_that_acts_while_a_person_writes_has_seen_only_what_was_there(
    talk: Talk, by_person: Scope, before_commit: BeforeCommit, moment: str, act: str
) -> None:
    first = talk.says()
    agent, later = of_agent(talk.agent), list[str]()

    def write() -> None:
        later.append(reply_of(by_person, talk))

    if moment == "after the call arrived":
        write()
    else:
        before_commit(write)
    if act == "reply":
        replies.reply(agent, talk.task, NewMessage(text="so be it"))
    else:
        rules.set_status(agent, talk.task, "ongoing")
    assert talk.seen() == first
    assert [entry["message_id"] for entry in talk.entries()] == later


def test_an_edit_that_races_with_an_acknowledgement_keeps_both(
    talk: Talk, by_person: Scope, before_commit: BeforeCommit
) -> None:
    message = talk.says()
    entry = talk.entries()[0]["id"]
    before_commit(lambda: rules.edit(by_person, talk.task, rules.TaskChanges(title="Which one?")))
    acknowledging.acknowledge(of_agent(talk.agent), [entry])
    assert (talk.now()["title"], talk.seen()) == ("Which one?", message)


# -- bounds -------------------------------------------------------------------------------


def acknowledge_as_a_tool(agent: Agent, ids: list[str]) -> Any:
    arguments = {"workspace_id": agent.workspace_id, "ack": ids}
    answer = agent.post("tools/call", {"name": "getInbox", "arguments": arguments})
    assert answer.json()["result"]["structuredContent"]["acknowledged"] == ids
    return answer


def test_an_acknowledgement_of_a_reply_costs_one_look_up_one_read_and_one_transaction(
    talk: Talk, recorder: Recorder
) -> None:
    talk.says()
    answer = acknowledge_as_a_tool(talk.agent, [talk.entries()[0]["id"]])
    assert recorder.made_by(answer) == ["batch get", "batch get", "batch get", "transact"]
    again = talk.agent.post(
        "tools/call",
        {"name": "getTaskMessages", "arguments": {"workspace_id": talk.ws, "task_id": talk.task}},
    )
    assert recorder.made_by(again) == ["batch get", "batch get", "query"]


# The largest that a text may be: as JSON it is twice as long.
LARGEST = '"' * 65_500


@pytest.mark.parametrize(
    ("tasks", "replies_each", "text"),
    [(90, 1, LARGEST), (10, 9, "small"), (1, 90, "small")],
    ids=["of ninety, the largest", "of ten", "of one"],
)
def test_ninety_replies_are_acknowledged_at_once_whatever_their_tasks(
    talk: Talk, tasks: int, replies_each: int, text: str
) -> None:
    agent, person = of_agent(talk.agent), of_person(talk.person, talk.ws)
    words = dict[str, str]()
    for _ in range(tasks):
        id = rules.create(agent, NewTask(title="t", body=text, assignee="human")).id
        for _ in range(replies_each):
            words[id] = replies.reply(person, id, NewMessage(text=text)).id
    acknowledge_ninety(talk)
    stored = person.find_all(StoredTask, [StoredTask.key(id) for id in words])
    assert {task.id: task.seen.message_id for task in stored if task and task.seen} == words


def test_ninety_offers_of_the_largest_tasks_are_acknowledged_at_once(talk: Talk) -> None:
    person = of_person(talk.person, talk.ws)
    for _ in range(90):
        rules.create(person, NewTask(title="t", body=LARGEST))
    acknowledge_ninety(talk)


def acknowledge_ninety(talk: Talk) -> None:
    scope = of_agent(talk.agent)
    ids, cursor = list[str](), None
    for to in (scope.actor.id, EVERYBODY):
        while True:
            page = scope.list(InboxEntry, InboxEntry.key(to, ""), 100, cursor)
            ids += [entry.id for entry in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert len(ids) == 90
    assert acknowledging.acknowledge(of_agent(talk.agent), ids) == ids
    assert talk.entries() == []


def test_the_moment_is_that_of_the_first_sight(talk: Talk) -> None:
    talk.says()
    talk.agent.call("getTaskMessages", task_id=talk.task)
    before = talk.now()["seen"]
    with clock.moved(60):
        talk.agent.call("getTaskMessages", task_id=talk.task)
        talk.agent.call("reply", chat_id=talk.task, text="as I said")
        assert talk.now()["seen"] == before
