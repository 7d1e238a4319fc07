"""What a notification shows: honest about what it hides or leaves out, whatever the agent sent."""

from __future__ import annotations

import itertools
import json

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.onebox.program import Program
from chalicelib.push import wording
from chalicelib.push.notifications import LARGEST_BODY, LARGEST_INPUT
from tests.support.clients import Agent, Json, Person
from tests.support.push import Browser, PushServices
from tests.support.waiting import everything_notified

LARGEST_PAYLOAD = 3_000


def shown(
    program: Program, services: PushServices, agent: Agent, browser: Browser, input: str, tool: str = "Bash"
) -> Json:
    """The notification of a request to use `tool` with `input`."""
    params = {"request_id": "r1", "tool_name": tool, "description": "", "input_preview": input}
    assert agent.notify("notifications/claude/channel/permission_request", params).status_code == 202
    everything_notified(program)
    (posted,) = services.posted
    notification = browser.read(posted)
    assert len(msgspec.json.encode(notification)) <= LARGEST_PAYLOAD
    return notification


@pytest.mark.parametrize(
    "input",
    [
        "",
        '{"command":"git push --force origin main"}',
        "line one\nline two",
        "Grüße an 東京",
        "x" * LARGEST_INPUT,
        json.dumps({"command": "echo \u202e"}),
    ],
    ids=itertools.count(),
)
def test_an_input_that_fits_and_hides_nothing_is_complete(
    input: str, program: Program, services: PushServices, agent: Agent, browser: Browser
) -> None:
    notification = shown(program, services, agent, browser, input)
    assert (notification["body"], notification["complete"]) == (input, True)


@pytest.mark.parametrize(
    "input",
    [
        "x" * (LARGEST_INPUT + 1),
        '"' * 1_400,
        "ü" * 800,
        "ls \u202e fdp.x mr",
        "ls\u200b -la",
        "ls\u00ad",
        "ls\u00a0-la",
        "ls\x00; rm -rf /",
        "ls\r rm -rf /",
        "ls\x1b[2K",
        "ls\t-la",
        "ls\ufe0f",
        "ls\u3164",
        "ls\U000e0041",
        "ls" + " " * 40 + "; rm -rf /",
        "ls" + "\n" * 20 + "rm -rf /",
        "\n".join(["ls"] * 14),
        "\nls",
        "ls ",
    ],
    ids=itertools.count(),
)
def test_an_input_that_is_cut_or_could_mislead_is_not_complete(
    input: str, program: Program, services: PushServices, agent: Agent, browser: Browser
) -> None:
    notification = shown(program, services, agent, browser, input)
    assert notification["complete"] is False
    assert not set(notification["body"]) & set("\u202e\u200b\u00ad\x00\x1b\r\u3164\U000e0041")


@pytest.mark.parametrize("tool", ["Ba\u200bsh", "x" * 200, "Ba  sh"], ids=itertools.count())
def test_a_tool_whose_name_is_not_shown_whole_is_not_complete(
    tool: str, program: Program, services: PushServices, agent: Agent, browser: Browser
) -> None:
    assert shown(program, services, agent, browser, "ls", tool)["complete"] is False


def test_the_largest_request_fits_into_a_message(program: Program, services: PushServices, person: Person) -> None:
    browser = Browser()
    browser.registered(person)
    wide = "\U0001f680"
    ws = person.create_workspace(wide * 100)["id"]
    agent = person.agent(ws, wide * 100).initialize()
    task = agent.call("createTask", title=wide * 255, body=wide * 5_000, assignee="human")["task_id"]
    everything_notified(program)
    assert len(services.posted[-1].body) <= 4096
    assert len(msgspec.json.encode(browser.read(services.posted[-1]))) <= LARGEST_PAYLOAD
    params = {"request_id": "r", "tool_name": wide * 200, "input_preview": wide * 8_000, "task_id": task}
    agent.notify("notifications/claude/channel/permission_request", params)
    everything_notified(program)
    notification = browser.read(services.posted[-1])
    assert notification["kind"] == "permission"
    assert len(msgspec.json.encode(notification)) <= LARGEST_PAYLOAD
    assert notification["body"].endswith("…")


def test_words_and_emoji_keep_their_spelling() -> None:
    for text in ("⚠️ careful", "👩‍💻", "👩🏽‍💻", "❤️‍🔥", "می‌خواهم"):
        assert wording.revealed(text) == text
    assert wording.revealed("a\u200db\ufe0f\u200cc") == "a[U+200D]b[U+FE0F][U+200C]c"


@given(st.text(), st.integers(10, 200))
@example('"' * 300, 100)
@example("\x00" * 50, 30)
def test_what_is_cut_fits_and_says_so(text: str, most: int) -> None:
    found = wording.cut(text, most)
    assert len(msgspec.json.encode(found)) - 2 <= most
    whole = wording.revealed(text)
    assert found == whole or (found.endswith("…") and whole.startswith(found[:-1]))


@given(st.text(), st.integers(1, 80))
def test_a_title_is_one_short_line(text: str, most: int) -> None:
    found = wording.one_line(text, most)
    assert len(found) <= most
    assert "\n" not in found


def test_a_body_leaves_room_for_the_rest() -> None:
    assert LARGEST_INPUT <= LARGEST_BODY < LARGEST_PAYLOAD
