"""The stack that is deployed, executed: by the tools that deploy it, on ministack instead of AWS, behind Pushpin.

client ──► Pushpin ──► API Gateway ──► Lambda ──► DynamoDB ──► its streams ──► Lambda ──► Pushpin ──► client

What ministack does not know (Fargate's scaling, CloudFront's VPC origins, and so the network between them) is left
out of the template: five of its fragments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest

from chalicelib.onebox.pushpin import origin_server
from chalicelib.onebox.scheduler import schedule_event
from infra.tools import template
from infra.tools.account import DASHBOARD, Account
from infra.tools.deploy import deploy
from infra.tools.destroy import destroy
from infra.tools.layer import Target
from infra.tools.package import package
from infra.tools.secret import Secret
from infra.tools.stack import Stack
from tests.contract.grip.origin import Origin
from tests.contract.grip.pushpin import Pushpin, must_be_installed
from tests.support.clients import Agent, Person, new_client
from tests.support.ministack import ministack_server
from tests.support.openid import FakeProvider, fake_provider
from tests.support.waiting import DEADLINE

UNKNOWN_TO_MINISTACK = {"alarms.yaml", "cdn.yaml", "network.yaml", "relay.yaml", "site.yaml"}
LOCAL = Path(__file__).with_name("local.yaml")


class Clients:
    def __init__(self, url: str) -> None:
        self._url = url
        self._session = boto3.session.Session("local", "local", region_name="us-east-1")

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._url)


@dataclass
class Cloud:
    """Everything that was started, and what was said while the stage was deployed."""

    at: Account
    stack: Stack
    pushpin: Pushpin
    provider: FakeProvider
    folder: Path
    said: list[str]

    @property
    def url(self) -> str:
        return self.pushpin.url

    @property
    def parameters(self) -> dict[str, str]:
        return {"PublicAddress": self.url, "RelayAddress": self.pushpin.publish_url}

    def deploy(self) -> str:
        self.said.clear()
        return deploy("dev", self.folder, self.parameters, self.at, self.stack, self.said.append)

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """What a function answers that is called by its alias."""
        names = self.stack.physical_ids("AWS::Lambda::Function")
        (name,) = [name for name in names if f"-{function}-" in name]
        answer = self.at.clients.client("lambda").invoke(
            FunctionName=name, Qualifier="live", Payload=json.dumps(event).encode()
        )
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    must_be_installed()
    folder = tmp_path_factory.mktemp("ministack")
    fragments = [file for file in template.files_of("dev") if file.name not in UNKNOWN_TO_MINISTACK]
    packaged = package("dev", folder / "dev", Target.of_this_machine(), [*fragments, LOCAL])
    ready = Origin()
    with ExitStack() as started:
        aws = started.enter_context(ministack_server(log=folder / "ministack.log"))
        provider = started.enter_context(fake_provider())
        origin = started.enter_context(origin_server(ready))
        pushpin = Pushpin(origin.port)
        started.callback(pushpin.process.release)
        at = Account("000000000000", "us-east-1", Clients(aws))
        stack = Stack(at.clients.client("cloudformation"), "handrail-dev", pause=lambda: None)
        made = Cloud(at, stack, pushpin, provider, packaged, [])
        made.deploy()
        api, port = stack.outputs()["RestAPIId"], urlsplit(aws).port
        (pushpin.folder / "routes").write_text(
            f"*,path_beg=/ready 127.0.0.1:{origin.port}\n"
            f"*,path_beg=/,replace_beg=/live/ 127.0.0.1:{port},host={api}.execute-api.localhost\n"
        )
        started.enter_context(pushpin)
        pushpin.warm_up(ready)
        Secret(at.clients.client("secretsmanager"), stack.outputs()["Secret"]).set(provider.settings)
        yield made


class SignedIn(Person):
    """A person whose browser has been to the identity provider."""

    def __init__(self, url: str) -> None:
        self.http = new_client(base_url=url, timeout=60)
        asked = self.http.get("/auth/google/login", params={"next": "/"})
        assert asked.status_code == 303, asked.text
        allowed = httpx.get(asked.headers["location"])
        answer = self.http.get(allowed.headers["location"])
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
        self.id = self.ask("GET", "/auth/session")["person"]["id"]


@pytest.fixture
def person(cloud: Cloud) -> Person:
    return SignedIn(cloud.url)


def test_the_stack_comes_up_whole(cloud: Cloud) -> None:
    found = cloud.stack.describe()
    assert found is not None
    assert found["StackStatus"] == "CREATE_COMPLETE"
    made = {
        kind: len(cloud.stack.physical_ids(f"AWS::{kind}"))
        for kind in (
            "Lambda::Function",
            "Lambda::EventSourceMapping",
            "DynamoDB::Table",
            "Events::Rule",
            "SQS::Queue",
        )
    }
    assert made == {
        "Lambda::Function": 4,
        "Lambda::EventSourceMapping": 3,
        "DynamoDB::Table": 2,
        "Events::Rule": 1,
        "SQS::Queue": 2,
    }


def test_a_second_deployment_of_the_same_changes_nothing(cloud: Cloud) -> None:
    secret = Secret(cloud.at.clients.client("secretsmanager"), cloud.stack.outputs()["Secret"])
    before = secret.read()
    assert cloud.deploy() == cloud.url
    assert cloud.said[1:] == ["The stack was up to date.", "The dashboard was up to date."]
    assert secret.read() == before


def test_the_dashboard_is_in_its_bucket(cloud: Cloud) -> None:
    bucket = cloud.stack.outputs()["SiteBucket"]
    index = cloud.at.clients.client("s3").get_object(Bucket=bucket, Key="index.html")
    assert index["Body"].read() == (DASHBOARD / "index.html").read_bytes()


def test_the_functions_know_what_only_the_cdn_can_show(cloud: Cloud) -> None:
    secrets = cloud.at.clients.client("secretsmanager")
    shown = secrets.get_secret_value(SecretId=cloud.stack.outputs()["OriginSecret"])["SecretString"]
    assert Secret(secrets, cloud.stack.outputs()["Secret"]).read()["origin_secret"] == shown


def test_the_main_job_is_done_through_api_gateway_and_the_relay(cloud: Cloud, person: Person) -> None:
    workspace = person.create_workspace()["id"]
    stream = person.events(workspace)
    agent = person.agent(workspace).initialize()
    pushes = agent.stream()
    task = agent.call("createTask", title="Which port?", body="Say.", assignee="human")["task_id"]
    assert stream.wait_for_type("task.created").json["task"]["id"] == task
    person.reply(workspace, task, "8443")
    assert stream.wait_for_type("reply.received").json["message"]["text"] == "8443"
    pushed = pushes.wait_for(lambda frame: "8443" in frame.data).json
    assert pushed["method"] == "notifications/claude/channel"
    assert pushed["params"]["meta"]["chat_id"] == task
    assert [one["text"] for one in agent.call("getTaskMessages", task_id=task)["messages"]][-1] == "8443"
    numbers = [int(frame.id or 0) for frame in stream.frames]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_call_that_waits_for_a_person_is_held_by_the_relay(cloud: Cloud, person: Person) -> None:
    workspace = person.create_workspace()["id"]
    agent = person.agent(workspace).initialize()
    task = agent.call("createTask", title="May I?", body="Say.", assignee="human")["task_id"]
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(agent.call, "waitForReply", task_id=task, timeout_s=40)
        cloud.pushpin.wait_held(f"reply-{workspace}-{task}")
        assert not answer.done()
        person.reply(workspace, task, "Yes")
        assert "Yes" in json.dumps(answer.result(DEADLINE))


def test_a_token_that_is_revoked_ends_the_streams_of_its_agent(cloud: Cloud, person: Person) -> None:
    workspace = person.create_workspace()["id"]
    agent = person.agent(workspace).initialize()
    stream = agent.stream()
    person.ask("DELETE", f"/api/workspaces/{workspace}/tokens/{agent.token_id}", 204)
    stream.wait_until_closed()
    assert agent.post("tools/list").status_code == 401


def test_signing_out_ends_the_streams_of_the_browser(cloud: Cloud, person: Person) -> None:
    stream = person.events(person.create_workspace()["id"])
    person.ask("DELETE", "/auth/session", 204)
    stream.wait_until_closed()
    assert person.http.get("/auth/session").status_code == 401


def test_another_workspace_is_not_there(cloud: Cloud, person: Person) -> None:
    mine, other = person.create_workspace()["id"], person.create_workspace("other")["id"]
    agent = person.agent(mine)
    stranger = Agent(cloud.url, other, agent.secret)
    answer = stranger.post("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})
    assert answer.status_code == 404


def test_the_scheduled_function_reports_what_it_did(cloud: Cloud) -> None:
    done = cloud.invoke("Maintenance", schedule_event())
    assert {"tokens expired", "items purged"} <= done.keys()


def test_at_last_the_stage_is_destroyed_with_all_that_it_kept(cloud: Cloud) -> None:
    said: list[str] = []
    assert destroy("dev", cloud.at, cloud.stack, lambda question: "dev", said.append)
    assert cloud.stack.describe() is None
    assert cloud.at.clients.client("dynamodb").list_tables()["TableNames"] == []
    assert cloud.at.clients.client("s3").list_buckets()["Buckets"] == []
