"""A notification is owed from the commit on: whoever is killed before it is sent sends it after the restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import Agent
from tests.support.ministack import ministack_server
from tests.support.process import Process
from tests.support.push import Browser, PushServices, claims_of, push_services

PUSHING = "tests.support.pushing"


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[PushServices]:
    with push_services() as services:
        monkeypatch.setenv("PUSH_SERVICES_PORT", str(services.port))
        yield services


def test_what_was_committed_but_not_sent_is_sent_after_a_kill(tmp_path: Path, services: PushServices) -> None:
    first = Process(tmp_path, module="tests.support.unpublished")
    browser = Browser()
    try:
        owner = first.owner()
        browser.registered(owner)
        key = owner.ask("GET", "/api/push")["public_key"]
        ws = owner.create_workspace()["id"]
        made = owner.generate_token(ws)["token"]
        agent = Agent(first.url, ws, made["secret"]).initialize()
        asked = {"request_id": "r1", "tool_name": "Bash", "input_preview": "ls"}
        assert agent.notify("notifications/claude/channel/permission_request", asked).status_code == 202
        first.kill()
    finally:
        first.end()
    assert services.posted == []

    second = Process(tmp_path, module=PUSHING)
    try:
        (posted,) = services.wait_for(browser.is_for)
        assert browser.read(posted)["body"] == "ls"
        claims_of(posted, key)
        second.kill()
    finally:
        second.end()


@pytest.fixture(params=["embedded", "another"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The settings for the program's own database, or for another DynamoDB."""
    if request.param == "embedded":
        yield {}
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with ministack_server("dynamodb", "dynamodbstreams") as address:
        yield {"dynamodb_endpoint": address}


def test_what_was_sent_is_not_sent_again_at_the_next_start(
    tmp_path: Path, services: PushServices, database: dict[str, str]
) -> None:
    browser = Browser()
    first = Process(tmp_path, module=PUSHING, **database)
    try:
        owner = first.owner()
        browser.registered(owner)
        ws = owner.create_workspace()["id"]
        agent = Agent(first.url, ws, owner.generate_token(ws)["token"]["secret"]).initialize()
        agent.call("createTask", title="First", body="", assignee="human")
        services.wait_for(browser.is_for)
        # The place reached is written after the sending; that the next one is sent shows that it was.
        agent.call("createTask", title="Second", body="", assignee="human")
        services.wait_for(browser.is_for, 2)
        first.kill()
    finally:
        first.end()

    second = Process(tmp_path, module=PUSHING, **database)
    try:
        agent = Agent(second.url, ws, agent.secret).initialize()
        agent.call("createTask", title="Third", body="", assignee="human")
        services.wait_for(lambda posted: browser.read(posted)["body"] == "Third")
        bodies = [browser.read(posted)["body"] for posted in services.posted]
        assert bodies.count("First") == 1
        second.kill()
    finally:
        second.end()
