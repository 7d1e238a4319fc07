"""Hostile MCP bodies: each gets a proper JSON-RPC error or a tool error, on both addresses, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chalicelib.kernel.settings import KIB, MIB, settings
from chalicelib.wiring import api
from tests.contract.http.test_bad_input import DEEP, UNREADABLE, is_problem
from tests.support.clients import Agent, EventStream, Json
from tests.support.worlds import World, both_eras, rpc, stateless, structured

NOT_SERVED = -32601
INVALID_PARAMS = -32602
PARSE_ERROR = -32700
INVALID_REQUEST = -32600


def send(agent: Agent, body: bytes) -> Iterator[httpx.Response]:
    headers = {"Content-Type": "application/json"}
    yield agent.http.post(agent.path, content=body, headers=headers | agent.headers())
    _, named = stateless("tools/list", {})
    yield agent.http.post(f"{agent.path}/stateless", content=body, headers=headers | named)


def rpc_error(answer: httpx.Response, *codes: int) -> Json:
    assert answer.headers["content-type"] == "application/json"
    body: Json = answer.json()
    assert body["jsonrpc"] == "2.0"
    assert "result" not in body
    assert body["error"]["code"] in codes, body
    assert body["error"]["message"]
    return body


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_body_that_is_no_json_is_a_parse_error(body: bytes, place: World) -> None:
    before = place.items()
    for answer in send(place.agent, body):
        assert answer.status_code == 400
        error = rpc_error(answer, PARSE_ERROR, INVALID_REQUEST)
        assert error["id"] is None
        assert len(answer.content) < 2 * KIB
    assert place.items() == before


PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
NO_MESSAGES: list[Any] = [
    [],
    [PING],
    [PING, PING],
    "ping",
    7,
    None,
    True,
    {},
    {"id": 1, "method": "ping"},
    {"jsonrpc": "1.0", "id": 1, "method": "ping"},
    {"jsonrpc": 2.0, "id": 1, "method": "ping"},
    {"jsonrpc": "2.0", "id": None, "method": "ping"},
    {"jsonrpc": "2.0", "id": True, "method": "ping"},
    {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
    {"jsonrpc": "2.0", "id": [1], "method": "ping"},
    {"jsonrpc": "2.0", "id": {"a": 1}, "method": "ping"},
    {"jsonrpc": "2.0", "id": "x" * 1025, "method": "ping"},
    {"jsonrpc": "2.0", "id": "é" * 513, "method": "ping"},
    {"jsonrpc": "2.0", "id": 10**1024, "method": "ping"},
    {"jsonrpc": "2.0", "id": 1},
    {"jsonrpc": "2.0", "id": 1, "method": None},
    {"jsonrpc": "2.0", "id": 1, "method": 7},
    {"jsonrpc": "2.0", "id": 1, "method": ["ping"]},
    {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []},
    {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": "x"},
    {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": None},
]


@pytest.mark.parametrize("body", NO_MESSAGES, ids=lambda body: json.dumps(body)[:60])
def test_json_that_is_no_message_is_an_invalid_request(body: Any, place: World) -> None:
    for answer in send(place.agent, json.dumps(body).encode()):
        assert answer.status_code == 400
        rpc_error(answer, INVALID_REQUEST)


BAD_PARAMS: list[tuple[str, Json]] = [
    ("tools/call", {}),
    ("tools/call", {"name": None}),
    ("tools/call", {"name": 7}),
    ("tools/call", {"name": "getWorkspace", "arguments": "x"}),
    ("tools/call", {"name": "getWorkspace", "arguments": [1]}),
    ("tools/call", {"name": "noSuchTool", "arguments": {}}),
    ("tools/call", {"name": "__class__", "arguments": {}}),
    ("resources/read", {}),
    ("resources/read", {"uri": 7}),
    ("resources/read", {"uri": "file:///etc/passwd"}),
    ("resources/read", {"uri": "handrail://{ws}/tasks/../../x"}),
    ("resources/read", {"uri": "handrail://%00/inbox"}),
]


@pytest.mark.parametrize(("method", "params"), BAD_PARAMS, ids=lambda value: json.dumps(value)[:60])
def test_params_that_cannot_be_accepted_are_a_proper_error(method: str, params: Json, place: World) -> None:
    before = place.items()
    for answer in both_eras(place.agent, place.workspace_id, method, params):
        assert answer.status_code in {200, 400}
        rpc_error(answer, INVALID_PARAMS, -32002, INVALID_REQUEST, -32020)
    assert place.items() == before


@pytest.mark.parametrize(
    "method", ["", "nothing/such", "tools/Call", "x" * 100_000, "../tools/list", "__init__", "é\n"]
)
def test_a_method_that_is_not_there_is_not_found(method: str, place: World) -> None:
    answer = place.agent.post(method)
    rpc_error(answer, NOT_SERVED)
    assert len(answer.content) < KIB


HOSTILE: list[Any] = [
    None,
    7,
    -1,
    1.5,
    True,
    "",
    "x" * 70_000,
    [],
    [1],
    {},
    {"a": 1},
    "\x00",
    "../x",
    "\u202e",
    "é" * 11,
]


@pytest.mark.parametrize("tool", sorted(api.server.registry.tools))
def test_no_value_of_any_argument_breaks_a_tool(tool: str, place: World) -> None:
    """Every argument in turn takes every hostile value; each answer is a tool result, and an error is one of ours."""
    schema = api.server.registry.tools[tool].input_schema
    properties = schema["properties"]
    assert isinstance(properties, dict)
    good = {"workspace_id": place.workspace_id, **needed(schema, place)}
    for name in [*properties, "unknown"]:
        for value in HOSTILE:
            params = {"name": tool, "arguments": good | {name: value}}
            if waits(tool, name, value):
                continue
            answer = place.agent.http.post(
                place.agent.path, json=rpc("tools/call", params), headers=place.agent.headers()
            )
            assert answer.status_code == 200, answer.text
            result = structured(answer)
            if result["isError"]:
                problem = result["structuredContent"]
                assert problem["status"] in {400, 403, 404, 409, 413, 422}, problem
                assert result["content"][0]["text"]


def needed(schema: Json, place: World) -> Json:
    """A value for every argument that a tool insists on: ids of nothing, so that no call succeeds by chance."""
    texts = {"title": "x", "body": "x", "text": "x", "status": "completed", "tool_name": "x", "description": "x"}
    required = [name for name in schema.get("required", []) if name != "workspace_id"]
    return {name: texts.get(name, "0" * 11) for name in required}


def waits(tool: str, name: str, value: Any) -> bool:
    """A good request for a permission is held until somebody decides it, so only the bad ones are sent."""
    accepted = {
        "description": isinstance(value, str) and len(value) <= 4_000,
        "input": isinstance(value, str | dict) or value is None,
        "tool_name": value in ["../x", "é" * 11],
        "task_id": value is None,
    }
    return tool == "requestPermission" and accepted.get(name, False)


def test_a_tool_argument_that_is_missing_is_named(place: World) -> None:
    for tool, missing in (("createTask", "title"), ("reply", "chat_id"), ("waitForReply", "task_id")):
        result = place.agent.result(tool)
        assert result["content"][0]["text"] == f"Missing or invalid argument: {missing}"


def test_what_is_too_large_is_refused(place: World) -> None:
    agent = place.agent
    body = json.dumps(PING).encode() + b" " * settings().largest_mcp_body
    for path in (agent.path, f"{agent.path}/stateless"):
        is_problem(agent.http.post(path, content=body, headers=agent.headers()), 413, "too_large")
    text = agent.result("reply", chat_id=place.ids["task_id"], text="\x01" * 65_536)
    assert text["structuredContent"]["code"] == "too_large"
    fits = json.dumps(PING).encode() + b" " * (MIB)
    assert agent.http.post(agent.path, content=fits, headers=agent.headers()).status_code == 200


def test_deep_arguments_are_refused(place: World) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"getInbox","arguments":' + DEEP + b"}}"
    for answer in send(place.agent, body):
        assert answer.status_code == 400
        rpc_error(answer, PARSE_ERROR)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"request_id": "x"},
        {"request_id": 7, "tool_name": "Bash"},
        {"request_id": "", "tool_name": "Bash"},
        {"request_id": "x" * 101, "tool_name": "Bash"},
        {"request_id": "x", "tool_name": "Ba\u202esh"},
        {"request_id": "x", "tool_name": "Bash", "task_id": "../x"},
        {"request_id": "x", "tool_name": "Bash", "input_preview": {"command": "ls"}},
    ],
)
def test_a_permission_request_that_cannot_be_accepted_is_refused(params: Json, place: World) -> None:
    before = place.items()
    answer = place.agent.notify("notifications/claude/channel/permission_request", params)
    assert answer.status_code == 400
    rpc_error(answer, INVALID_PARAMS)
    assert place.items() == before


@pytest.mark.parametrize("session", ["", "x", "x.y", ".", "x" * 5000, "é", "eyJhbGciOiJub25lIn0.e30."])
def test_a_session_that_nobody_began_is_not_found(session: str, place: World) -> None:
    headers = {b"Mcp-Session-Id": session.encode()}
    answer = place.agent.http.post(place.agent.path, json=PING, headers=headers)
    is_problem(answer, 404, "not_found")


def test_a_request_without_session_or_stream_type_is_told_what_it_lacks(place: World) -> None:
    agent = place.agent
    assert "Mcp-Session-Id" in is_problem(agent.http.post(agent.path, json=PING), 400, "bad_request")["detail"]
    plain = agent.headers() | {"Accept": "application/json"}
    assert "text/event-stream" in is_problem(agent.http.get(agent.path, headers=plain), 400, "bad_request")["detail"]


@pytest.mark.parametrize("version", ["1999-01-01", "", "x" * 500, "2026-07-28"])
def test_a_version_that_is_not_spoken_is_named_with_those_that_are(version: str, place: World) -> None:
    headers = place.agent.headers() | {"MCP-Protocol-Version": version}
    answer = place.agent.http.post(place.agent.path, json=PING, headers=headers)
    assert answer.status_code == 400
    assert "2025-11-25" in rpc_error(answer, -32022)["error"]["data"]["supported"]


@pytest.mark.parametrize("last", ["x", "-1", "9" * 40, "1.5", "é", ""])
def test_a_strange_last_event_id_opens_the_stream_from_its_start(last: str, place: World) -> None:
    headers = {b"Last-Event-ID": last.encode(), b"Accept": b"text/event-stream"}
    headers |= {name.encode(): value.encode() for name, value in place.agent.headers().items()}
    with place.agent.http.stream("GET", place.agent.path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"


def test_the_longest_id_with_the_most_subscriptions_still_makes_a_link_that_works(place: World) -> None:
    """The id and the subscriptions travel in the link that the relay follows when one of them changes."""
    first = f"handrail://{place.workspace_id}/tasks/{place.ids['task_id']}"
    uris = [first, *(f"handrail://{place.workspace_id}/tasks/{number:011d}" for number in range(15))]
    body, headers = stateless("subscriptions/listen", {"notifications": {"resourceSubscriptions": uris}})
    body["id"] = "é" * 512
    stream = EventStream(place.agent.http, "POST", f"{place.agent.path}/stateless", json=body, headers=headers)
    stream.wait_for(lambda frame: "acknowledged" in frame.data)
    place.person.reply(place.workspace_id, place.ids["task_id"], "Something new.")
    changed = stream.wait_for(lambda frame: "resources/updated" in frame.data)
    assert changed.json["params"]["uri"] == first
    stream.close()
