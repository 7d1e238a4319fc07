"""The same program on another DynamoDB: `HANDRAIL_DYNAMODB_ENDPOINT` is all that changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.clients import Agent
from tests.support.ministack import ministack_server
from tests.support.process import Process


def test_the_main_job_is_done_on_another_dynamodb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with ministack_server("dynamodb", "dynamodbstreams") as address:
        running = Process(tmp_path, dynamodb_endpoint=address)
        owner = running.owner()
        workspace_id = owner.create_workspace()["id"]
        dashboard = owner.events(workspace_id)
        made = owner.generate_token(workspace_id)["token"]
        agent = Agent(running.url, workspace_id, made["secret"]).initialize()
        stream = agent.stream()
        asked = agent.call("createTask", title="Which one?", body="", assignee="human")["task_id"]
        with ThreadPoolExecutor() as background:
            waiting = background.submit(agent.call, "waitForReply", task_id=asked)
            dashboard.wait_for_type("task.created")
            owner.reply(workspace_id, asked, "The second.")
            assert waiting.result(timeout=20)["text"] == "The second."
        stream.wait_for(lambda frame: "The second." in frame.data)
        dashboard.wait_for_type("reply.received")
        owner.ask("DELETE", f"/api/workspaces/{workspace_id}/tokens/{made['id']}", 204)
        stream.wait_until_closed()
        assert agent.post("tools/list").status_code == 401
        owner.ask("DELETE", "/auth/session", 204)
        dashboard.wait_until_closed()
        running.end()
    assert not (tmp_path / "handrail.db").exists()
