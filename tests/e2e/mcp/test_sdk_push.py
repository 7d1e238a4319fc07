"""What reaches the official SDK's client by itself: channel notifications, verdicts, changed resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

import anyio
import anyio.to_thread
import pytest
from mcp.client import ClientExtension
from mcp.client.extension import NotificationBinding
from mcp.client.subscriptions import ResourceUpdated, Subscription
from mcp_types import ClientNotification, Notification
from pydantic import BaseModel

from tests.support.clients import Agent, Json, Person
from tests.support.sdk import call, connected, until
from tests.support.waiting import DEADLINE

pytestmark = [pytest.mark.anyio]

CHANNEL = "notifications/claude/channel"


class ChannelMessage(BaseModel):
    content: str
    meta: dict[str, str]


class Verdict(BaseModel):
    request_id: str
    behavior: str


class PermissionRequest(Notification[dict[str, Any], Literal["notifications/claude/channel/permission_request"]]):
    method: Literal["notifications/claude/channel/permission_request"] = (
        "notifications/claude/channel/permission_request"
    )
    params: dict[str, Any]


class Channel(ClientExtension):
    """Hears what Claude Code's channels hear."""

    identifier = "com.example/channel"

    def __init__(self) -> None:
        self.messages: list[ChannelMessage] = []
        self.verdicts: list[Verdict] = []

    def notifications(self) -> Sequence[NotificationBinding[Any]]:
        async def message(params: ChannelMessage) -> None:
            self.messages.append(params)

        async def verdict(params: Verdict) -> None:
            self.verdicts.append(params)

        return [
            NotificationBinding(method=CHANNEL, params_type=ChannelMessage, handler=message),
            NotificationBinding(method=f"{CHANNEL}/permission", params_type=Verdict, handler=verdict),
        ]


@pytest.fixture
def newcomer(person: Person, workspace_id: str) -> Agent:
    """The credentials of an agent that has not connected yet."""
    return person.agent(workspace_id)


async def test_a_persons_words_arrive_as_channel_notifications(person: Person, newcomer: Agent) -> None:
    channel, ws = Channel(), newcomer.workspace_id
    async with connected(newcomer, "session", [channel]) as client:
        task = (await call(client, newcomer, "createTask", title="Which?", body="", assignee="human"))["task_id"]
        said = await anyio.to_thread.run_sync(person.reply, ws, task, "The blue one.")
        await until(lambda: len(channel.messages) == 1)
    (heard,) = channel.messages
    assert "The blue one." in heard.content
    assert heard.meta["chat_id"] == task
    assert heard.meta["message_id"] == said["id"]
    assert heard.meta["user"] == person.session.name
    assert heard.meta["kind"] == "reply"


async def test_what_was_said_while_the_agent_was_away_arrives_when_it_connects(
    person: Person, newcomer: Agent
) -> None:
    ws = newcomer.workspace_id
    await anyio.to_thread.run_sync(lambda: person.create_task(ws, "Draw the logo", assignee="agent"))
    channel = Channel()
    async with connected(newcomer, "session", [channel]):
        await until(lambda: len(channel.messages) == 1)
    assert "Draw the logo" in channel.messages[0].content
    assert channel.messages[0].meta["kind"] == "task"


@pytest.mark.parametrize("behavior", ["allow", "deny"])
async def test_a_permission_asked_for_by_notification_is_answered_by_notification(
    person: Person, newcomer: Agent, behavior: str
) -> None:
    channel, ws = Channel(), newcomer.workspace_id
    permissions = f"/api/workspaces/{ws}/permissions"
    asks = {"tool_name": "Bash", "description": "Build", "input_preview": '{"command":"make"}'}
    request = PermissionRequest(params={"request_id": "abcde", **asks})

    def pending() -> list[Json]:
        waiting: list[Json] = person.ask("GET", f"{permissions}?status=pending")["items"]
        return waiting

    async with connected(newcomer, "session", [channel]) as client:
        await client.session.send_notification(cast(ClientNotification, request))
        await until(lambda: bool(pending()))
        (asked,) = pending()
        assert (asked["tool_name"], asked["input"]) == ("Bash", '{"command":"make"}')
        decision = {"behavior": behavior}
        person.ask("PUT", f"{permissions}/{asked['id']}/decision", json=decision)
        await until(lambda: bool(channel.verdicts))
    assert channel.verdicts == [Verdict(request_id="abcde", behavior=behavior)]


async def test_a_stateless_client_hears_that_its_inbox_and_a_task_changed(person: Person, newcomer: Agent) -> None:
    ws = newcomer.workspace_id
    inbox = f"handrail://{ws}/inbox"
    async with connected(newcomer, "stateless") as client:
        task = (await call(client, newcomer, "createTask", title="Which?", body="", assignee="human"))["task_id"]
        uris = [inbox, f"handrail://{ws}/tasks/{task}"]
        async with client.listen(resource_subscriptions=[*uris, f"handrail://{ws}/tasks/00000000000"]) as heard:
            await anyio.to_thread.run_sync(person.reply, ws, task, "The blue one.")
            assert await changes(heard, 2) == set(uris)
            entries = (await call(client, newcomer, "getInbox"))["entries"]
            assert ["The blue one." in entry["content"] for entry in entries] == [True]
            title = {"title": "Which colour?"}
            person.ask("PATCH", f"/api/workspaces/{ws}/tasks/{task}", json=title)
            assert await changes(heard, 1) == {uris[1]}


async def test_a_subscription_to_another_workspaces_task_is_not_honoured(person: Person, newcomer: Agent) -> None:
    other = person.create_workspace("another")["id"]
    task = person.create_task(other)["id"]
    async with (
        connected(newcomer, "stateless") as client,
        client.listen(resource_subscriptions=[f"handrail://{other}/tasks/{task}"]) as heard,
    ):
        assert not heard.honored.resource_subscriptions


async def changes(heard: Subscription, count: int) -> set[str]:
    uris = set[str]()
    with anyio.fail_after(DEADLINE):
        while len(uris) < count:
            event = await anext(heard)
            assert isinstance(event, ResourceUpdated)
            uris.add(event.uri)
    return uris
