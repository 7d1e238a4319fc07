"""Calls that a relay holds: what comes while the relay is only about to hold them is not missed."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel.mcp import calls
from chalicelib.onebox.program import Program
from tests.support.clients import Person
from tests.support.waiting import everything_published


def test_a_reply_between_the_check_and_the_hold_of_a_repeated_call_is_not_missed(
    person: Person, program: Program, workspace_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = person.agent(workspace_id).initialize()
    asked = agent.call("createTask", title="Which?", body="", assignee="human")["task_id"]
    # From now on the relay listens on the channel: it does not ask by itself for what came before it did.
    assert agent.call("waitForReply", task_id=asked, timeout_s=2)["status"] == "waiting"
    hold, replies = calls._hold, ["first", "second"]

    def reply_first(*arguments: Any) -> Any:
        headers = hold(*arguments)
        if replies:
            person.reply(workspace_id, asked, replies.pop(0))
            everything_published(program)
        return headers

    monkeypatch.setattr(calls, "_hold", reply_first)
    first = agent.call("waitForReply", task_id=asked, timeout_s=10)
    assert first["text"] == "first"
    second = agent.call("waitForReply", task_id=asked, after=first["message_id"], timeout_s=10)
    assert second["text"] == "second"
    assert replies == []
