"""Who does what in a day: 1,000 workspaces of 20 agents and 2 people. An agent makes 200 calls; it is connected for a
working day, as a person's dashboard is.
"""

from __future__ import annotations

from functools import partial

import httpx

from chalicelib.kernel import clock, links
from chalicelib.kernel.mcp import era_session
from tests.bench.costs.metering import Counts, Metering
from tests.support.clients import Person
from tests.support.every_request import OTHERS, ROUTES, TOOLS, Ask, Place, by_tool, furnish, opening
from tests.support.scopes import of_agent

WORKSPACES, AGENTS, PEOPLE = 1_000, 20, 2
CALLS = 200
CONNECTED_HOURS = 8
DAYS = 30

BY_AGENT: dict[str, int] = {
    "initialize": 2,
    "GET /mcp/{ws}": 2,
    "tools/list": 2,
    "getWorkspace": 2,
    "getNextTask": 12,
    "createTask": 8,
    "updateTaskStatus": 24,
    "reply": 50,
    "getTaskMessages": 30,
    "waitForReply": 30,
    "getInbox": 22,
    "requestPermission": 16,
}
BY_PERSON: dict[str, int] = {
    "GET /auth/session": 6,
    "GET /api/workspaces": 6,
    "GET /api/events": 6,
    "GET /api/inbox": 40,
    "GET /api/workspaces/{ws}/tasks": 40,
    "GET /api/workspaces/{ws}/tasks/{task_id}/messages": 80,
    "POST /api/workspaces/{ws}/tasks": 20,
    "POST /api/workspaces/{ws}/tasks/{task_id}/messages": 80,
    "PUT /api/workspaces/{ws}/tasks/{task_id}/read": 60,
    "PUT /api/workspaces/{ws}/permissions/{permission_id}/decision": 60,
    "POST /api/workspaces/{ws}/attachments": 5,
    "GET /api/workspaces/{ws}/attachments/{attachment_id}": 5,
}
# A question to a person, about which people are notified.
QUESTION = by_tool("createTask", title="Which one?", body="This or that.", assignee="human")
FOLLOW = "follow the link of an agent's stream"


def follow(place: Place) -> httpx.Response:
    """What a relay asks for a stream in a quiet minute; the agent has been heard of long enough ago to say so."""
    scope = of_agent(place.agent)
    link = links.address(links.link_for(scope, era_session.KIND, scope.head.seq))
    with clock.moved(61):
        return opening(link.replace("{", "{{").replace("}", "}}"))(place)


def counted(metering: Metering, url: str) -> dict[str, Counts]:
    """What each kind of request costs, in a workspace that has something of everything."""
    asks: dict[str, Ask] = {**ROUTES, **TOOLS, **OTHERS, "createTask": QUESTION, FOLLOW: follow}
    found: dict[str, Counts] = {}
    for number, name in enumerate((*BY_AGENT, *BY_PERSON, FOLLOW)):
        place = furnish(Person(url, f"person-{number:02}"))
        found[name] = metering.of(partial(asks[name], place))
    return found
