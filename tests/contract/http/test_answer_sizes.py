"""No answer is larger than Lambda can carry: 6 MB of JSON, with ours in it as a string.

Every list is asked for as much as it gives, over the largest things that may be written: texts of quotes, which take
most there. What a list gives in pages is all that there is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from chalicelib.kernel.http import Listing, Reply
from chalicelib.kernel.links import link_for, link_for_person
from chalicelib.kernel.mcp import era_session
from chalicelib.kernel.room import MOST_FOR_AGENTS
from chalicelib.onebox.program import Program
from chalicelib.permissions import rulebook
from chalicelib.permissions import rules as permissions
from chalicelib.tasks import replies, rules
from chalicelib.tasks.rules import NewTask
from chalicelib.wiring.api import routes, server
from chalicelib.workspaces import person_stream, stream
from tests.support.clients import Person, keep_open
from tests.support.scopes import of_agent, of_person

MOST_OF_LAMBDA = 6_291_556
# Quotes: two bytes each in JSON, and four in the JSON around it.
TEXT = '"' * 65_000
NUMBER = 40


class Full:
    """A workspace of which every list is longer than one answer, or has as much as is allowed."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.ws: str = person.create_workspace("w" * 100, mission='"' * 4_000)["id"]
        self.agent = person.agent(self.ws).initialize()
        scope, agent = of_person(person, self.ws), of_agent(self.agent)
        self.task = rules.create(scope, NewTask(title='"' * 255, body=TEXT)).id
        for _ in range(NUMBER):
            rules.create(agent, NewTask(title='"' * 255, body=TEXT, assignee="human", parent_id=self.task))
            rules.create(scope, NewTask(title='"' * 255, body=TEXT))
            replies.reply(scope, self.task, replies.NewMessage(text=TEXT))
            rules.edit(scope, self.task, rules.TaskChanges(title='"' * 254 + "a"))
            rules.edit(scope, self.task, rules.TaskChanges(title='"' * 254 + "b"))
        for number in range(NUMBER + 10):
            input = json.dumps({"number": number, "text": '"' * 11_000})
            asked = permissions.Request(tool_name="Unknown", description='"' * 4_000, input=input, task_id=self.task)
            permissions.request(agent, asked)
            pattern = json.dumps({"number": number, "text": '"' * 2_000})
            rulebook.add(scope, rulebook.NewRule(tool_name="Other", pattern=pattern))


LISTS = {
    "GET /api/workspaces": "/api/workspaces",
    "GET /api/overview": "/api/overview",
    "GET /api/inbox": "/api/inbox",
    "GET /api/workspaces/{ws}/tokens": "/api/workspaces/{ws}/tokens",
    "GET /api/workspaces/{ws}/members": "/api/workspaces/{ws}/members",
    "GET /api/workspaces/{ws}/invitations": "/api/workspaces/{ws}/invitations",
    "GET /api/workspaces/{ws}/tasks": "/api/workspaces/{ws}/tasks",
    "GET /api/workspaces/{ws}/tasks/{task_id}/messages": "/api/workspaces/{ws}/tasks/{task}/messages",
    "GET /api/workspaces/{ws}/tasks/{task_id}/activities": "/api/workspaces/{ws}/tasks/{task}/activities",
    "GET /api/workspaces/{ws}/permissions": "/api/workspaces/{ws}/permissions",
    "GET /api/workspaces/{ws}/permission_rules": "/api/workspaces/{ws}/permission_rules",
}
VARIANTS = {
    **{name: path + "?limit=200" for name, path in LISTS.items()},
    "tasks by status": "/api/workspaces/{ws}/tasks?limit=200&status=notstarted",
    "tasks found": "/api/workspaces/{ws}/tasks?limit=200&q=%22%22",
    "sub-tasks": "/api/workspaces/{ws}/tasks?limit=200&parent_id={task}",
    "permissions that wait": "/api/workspaces/{ws}/permissions?limit=200&status=pending",
}
LONG = {
    "GET /api/inbox": 2 * NUMBER,
    "GET /api/workspaces/{ws}/tasks": NUMBER + 1,
    "GET /api/workspaces/{ws}/tasks/{task_id}/messages": NUMBER,
    "GET /api/workspaces/{ws}/permissions": NUMBER,
    "tasks by status": NUMBER + 1,
    "tasks found": NUMBER + 1,
    "sub-tasks": NUMBER,
    "permissions that wait": NUMBER,
}


@pytest.fixture(scope="module")
def full(program: Program) -> Iterator[Full]:
    made = Full(Person(program.url, "person-of-much"))
    clients = [keep_open(made.person.http), keep_open(made.agent.http)]
    yield made
    for client in clients:
        client.close()


def size_on_lambda(answer: httpx.Response) -> int:
    """How much a function answers with: its JSON has the body as a string, with Python 3.12 and later as it is."""
    answered = {
        "statusCode": answer.status_code,
        "headers": dict(answer.headers),
        "multiValueHeaders": {},
        "body": answer.text,
    }
    return len(json.dumps(answered, ensure_ascii=False).encode())


@pytest.mark.parametrize("name", VARIANTS)
def test_a_list_of_the_largest_things_comes_in_answers_that_lambda_carries(name: str, full: Full) -> None:
    path = VARIANTS[name].format(ws=full.ws, task=full.task)
    ids: list[str] = []
    cursor = None
    sizes: list[int] = []
    while not sizes or cursor is not None:
        answer = full.person.http.get(
            path, params={**httpx.URL(path).params} | ({"cursor": cursor} if cursor else {})
        )
        assert answer.status_code == 200, answer.text
        sizes.append(size_on_lambda(answer))
        ids += [(one.get("permission") or one.get("task") or one)["id"] for one in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    assert max(sizes) <= MOST_OF_LAMBDA
    assert len(ids) == len(set(ids)) >= LONG.get(name, 0)
    assert (len(sizes) > 1) == (name in LONG)


def uncovered(lists: list[str]) -> set[str]:
    return set(lists) - LISTS.keys()


def test_every_list_is_asked() -> None:
    lists = [f"{route.method} {route.path}" for route in routes if issubclass(route.query, Listing)]
    assert uncovered(lists) == set()
    assert uncovered([*lists, "GET /api/new"]) == {"GET /api/new"}


def test_a_preview_of_a_rule_fits(full: Full) -> None:
    path = f"/api/workspaces/{full.ws}/permission_rules/preview"
    answer = full.person.http.post(path, json={"tool_name": "Unknown", "pattern": "*"})
    assert answer.status_code == 200, answer.text
    assert 0 < len(answer.json()["matched"]) <= NUMBER + 10
    assert size_on_lambda(answer) <= MOST_OF_LAMBDA


def catching_up(follow: Callable[[int], Reply]) -> Iterator[int]:
    """The size of each page of a stream, from its beginning until it is held."""
    last = 0
    while True:
        reply = follow(last)
        yield size_on_lambda(httpx.Response(200, text=str(reply.body), headers=reply.headers))
        if "Grip-Hold" in reply.headers:
            return
        last = int(re.findall(r"^id: (\d+)$", str(reply.body), re.MULTILINE)[-1])


def test_what_a_stream_catches_up_with_comes_in_pages_that_fit(full: Full) -> None:
    scope, agent, session = of_person(full.person, full.ws), of_agent(full.agent), full.person.session
    streams: dict[str, Callable[[int], Reply]] = {
        "of a workspace": lambda last: stream.follow(scope, link_for(scope, stream.KIND, last)),
        "of a person": lambda last: person_stream.follow(
            session, link_for_person(session, person_stream.KIND, {full.ws: last})
        ),
        "of an agent": lambda last: era_session.follow(server, agent, link_for(agent, era_session.KIND, last)),
    }
    for name, follow in streams.items():
        sizes = list(catching_up(follow))
        assert len(sizes) > 1, name
        assert max(sizes) <= MOST_OF_LAMBDA, name


def test_what_a_tool_gives_an_agent_is_what_it_can_read(full: Full) -> None:
    largest = MOST_FOR_AGENTS + 4 * len(TEXT)
    for tool, arguments in (("getTaskMessages", {"task_id": full.task, "limit": 200}), ("getInbox", {"limit": 100})):
        text = full.agent.result(tool, **arguments)["content"][0]["text"]
        assert len(text) <= largest, tool


def test_a_thread_that_an_agent_reads_page_by_page_is_all_of_it(full: Full) -> None:
    ids = list[str]()
    cursor: str | None = None
    while not ids or cursor is not None:
        page = full.agent.call("getTaskMessages", task_id=full.task, limit=200, cursor=cursor)
        assert page["messages"]
        ids += [message["id"] for message in page["messages"]]
        cursor = page["next_cursor"]
    assert len(ids) == len(set(ids)) == NUMBER
