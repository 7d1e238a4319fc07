"""The official MCP SDK's client over HTTP, at both addresses of a workspace."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any, get_args

import anyio
import anyio.to_thread
import pytest
from jsonschema import Draft202012Validator
from mcp import MCPError
from mcp_types import TextResourceContents

from chalicelib.onebox.program import Program
from tests.support.clients import Agent, Json, Person
from tests.support.sdk import VERSIONS, Era, Holds, call, connected, until
from tests.support.waiting import DEADLINE

pytestmark = [pytest.mark.anyio]

TOOLS = {
    "getWorkspace",
    "createTask",
    "updateTaskStatus",
    "reply",
    "getTaskMessages",
    "getNextTask",
    "getInbox",
    "waitForReply",
    "requestPermission",
    "downloadAttachment",
}
PICTURE = base64.b64encode(b"\x89PNG and so on").decode()
each_era = pytest.mark.parametrize("era", get_args(Era))


@pytest.fixture
def newcomer(person: Person, workspace_id: str) -> Agent:
    """The credentials of an agent that has not connected yet."""
    return person.agent(workspace_id)


async def person_does(action: Callable[..., Json], *arguments: Any) -> Json:
    return await anyio.to_thread.run_sync(action, *arguments)


@each_era
async def test_negotiates_the_generation_that_the_address_speaks(newcomer: Agent, era: Era) -> None:
    async with connected(newcomer, era) as client:
        assert client.protocol_version == VERSIONS[era]
        assert client.server_info is not None
        assert client.server_info.name == "handrail"
        assert newcomer.workspace_id in (client.instructions or "")
        assert client.server_capabilities.tools is not None
        assert client.server_capabilities.resources is not None
        assert client.server_capabilities.prompts is None


async def test_declares_itself_a_channel_in_the_session_era(newcomer: Agent) -> None:
    async with connected(newcomer, "session") as client:
        experimental = client.server_capabilities.experimental or {}
        assert set(experimental) == {"claude/channel", "claude/channel/permission"}


@each_era
async def test_lists_every_tool_with_sound_schemas(newcomer: Agent, era: Era) -> None:
    async with connected(newcomer, era) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.description
        assert tool.output_schema is not None
        Draft202012Validator.check_schema(tool.input_schema)
        Draft202012Validator.check_schema(tool.output_schema)
        assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
        assert "workspace_id" in tool.input_schema["required"]


@each_era
async def test_an_answer_given_in_the_browser_ends_the_agents_wait(
    program: Program, person: Person, newcomer: Agent, era: Era
) -> None:
    async with connected(newcomer, era) as client:
        task = (await call(client, newcomer, "createTask", title="Which database?", body="", assignee="human"))[
            "task_id"
        ]
        answer = await while_held(
            program,
            lambda: call(client, newcomer, "waitForReply", task_id=task),
            lambda: person.reply(newcomer.workspace_id, task, "Postgres"),
        )
    assert (answer["status"], answer["text"], answer["user"]) == ("answered", "Postgres", person.session.name)
    assert "unread" not in answer, "the answer itself is not news that is still to be fetched"


@each_era
async def test_a_decision_in_the_browser_ends_the_wait_for_permission(
    program: Program, person: Person, newcomer: Agent, era: Era
) -> None:
    async with connected(newcomer, era) as client:
        verdict = await while_held(
            program,
            lambda: call(
                client,
                newcomer,
                "requestPermission",
                tool_name="Bash",
                description="Clean up",
                input={"command": "rm -r build", "limits": [1, None, {"deep": True}]},
            ),
            lambda: decide(person, newcomer.workspace_id, "deny", reason="Keep it."),
        )
    assert (verdict["status"], verdict["behavior"], verdict["reason"]) == ("decided", "deny", "Keep it.")


@each_era
async def test_a_wait_without_an_answer_says_that_it_still_waits(newcomer: Agent, era: Era) -> None:
    async with connected(newcomer, era) as client:
        task = (await call(client, newcomer, "createTask", title="?", body="", assignee="human"))["task_id"]
        answer = await call(client, newcomer, "waitForReply", task_id=task, timeout_s=0)
    assert answer["status"] == "waiting"


@each_era
async def test_every_tool_answers_as_its_schema_says(
    program: Program, person: Person, newcomer: Agent, era: Era
) -> None:
    """The SDK refuses a result that does not fit the declared schema."""
    ws, called = newcomer.workspace_id, set[str]()

    async with connected(newcomer, era) as client:

        async def use(tool: str, **arguments: Any) -> Json:
            called.add(tool)
            return await call(client, newcomer, tool, **arguments)

        given = await person_does(lambda: person.create_task(ws, "Draw the logo", assignee="agent"))
        assert (await use("getWorkspace"))["workspace_id"] == ws
        assert [one["task_id"] for one in (await use("getInbox"))["entries"]] == [given["id"]]
        assert (await use("getNextTask"))["task"]["id"] == given["id"]
        started = await use("updateTaskStatus", task_id=given["id"], status="ongoing")
        assert (started["task_id"], started["status"]) == (given["id"], "ongoing")
        assert (await use("getNextTask"))["task"] is None
        picture = {"filename": "logo.png", "mime_type": "image/png", "data": PICTURE}
        asked = await use("createTask", title="Good?", body="Look", assignee="human", attachments=[picture])
        written = await use("reply", chat_id=asked["task_id"], text="Here it is", attachments=[picture])
        thread = await use("getTaskMessages", task_id=asked["task_id"])
        assert [message["id"] for message in thread["messages"]] == [written["message_id"]]
        attachment = thread["messages"][0]["attachments"][0]["id"]
        file = await use("downloadAttachment", task_id=asked["task_id"], attachment_id=attachment)
        assert (file["filename"], file["data"]) == ("logo.png", PICTURE)
        await person_does(person.reply, ws, asked["task_id"], "Good.")
        assert (await use("waitForReply", task_id=asked["task_id"]))["text"] == "Good."
        pending = use("requestPermission", tool_name="Bash", description="", input="make")
        allowed = await while_held(program, lambda: pending, lambda: decide(person, ws, "allow"))
        assert allowed["behavior"] == "allow"
    assert called == TOOLS


@each_era
async def test_reads_the_inbox_and_tasks_as_resources(person: Person, newcomer: Agent, era: Era) -> None:
    ws = newcomer.workspace_id
    task = await person_does(lambda: person.create_task(ws, "Draw the logo", assignee="agent"))
    async with connected(newcomer, era) as client:
        listed = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        assert [str(one.uri) for one in listed] == [f"handrail://{ws}/inbox"]
        assert [one.uri_template for one in templates] == [f"handrail://{ws}/tasks/{{id}}"]
        inbox = (await client.read_resource(str(listed[0].uri))).contents[0]
        read = (await client.read_resource(f"handrail://{ws}/tasks/{task['id']}")).contents[0]
        with pytest.raises(MCPError) as refused:
            await client.read_resource(f"handrail://{ws}/tasks/00000000000")
    assert isinstance(inbox, TextResourceContents)
    assert isinstance(read, TextResourceContents)
    assert task["id"] in inbox.text
    assert "Draw the logo" in read.text
    assert refused.value.error.code == {"session": -32002, "stateless": -32602}[era]


@each_era
async def test_a_dead_token_opens_nothing(person: Person, newcomer: Agent, era: Era) -> None:
    path = f"/api/workspaces/{newcomer.workspace_id}/tokens/{newcomer.token_id}"
    async with connected(newcomer, era) as client:
        await call(client, newcomer, "getWorkspace")
        await person_does(lambda: person.ask("DELETE", path, 204))
        with pytest.raises(MCPError):
            await call(client, newcomer, "getWorkspace")


def decide(person: Person, workspace_id: str, behavior: str, **more: str) -> Json:
    path = f"/api/workspaces/{workspace_id}/permissions"
    (pending,) = person.ask("GET", f"{path}?status=pending")["items"]
    decided: Json = person.ask("PUT", f"{path}/{pending['id']}/decision", json={"behavior": behavior, **more})
    return decided


async def while_held(program: Program, waits: Callable[[], Awaitable[Json]], action: Callable[[], Json]) -> Json:
    """What `waits` answers, when `action` is done once the relay holds the call."""
    answers: list[Json] = []
    holds = Holds(program)

    async def wait() -> None:
        answers.append(await waits())

    with anyio.fail_after(DEADLINE):
        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await until(holds.one_more)
            await person_does(action)
    return answers[0]
