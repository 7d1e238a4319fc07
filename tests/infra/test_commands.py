"""What `make deploy`, `make destroy` and `make configure` refuse, each in one line, before anything is touched."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.tools import account as accounts
from infra.tools.account import Account
from infra.tools.deploy import _check_room, pairs
from infra.tools.destroy import destroy
from infra.tools.stack import Stack
from infra.tools.stages import ROOT, Refusal
from tests.infra.cloud import CloudFormation

KEYS = {"AWS_ACCESS_KEY_ID": "AKEY", "AWS_SECRET_ACCESS_KEY": "secret"}
REGION = {"AWS_REGION": "eu-central-1"}
COMMANDS = ("deploy", "destroy", "configure")


def run(tool: str, *arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A tool as `make` runs it, on a machine where nothing is configured but `environment`."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HANDRAIL_"))}
    bare |= {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"} | environment
    code = f"import sys; sys.stdin.isatty = lambda: True; from infra.tools import account, {tool} as tool; \
account.DASHBOARD = __import__('pathlib').Path('{home}'); \
from infra.tools.command import run; sys.exit(run(tool.main))"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home without configuration, which also stands in for a dashboard that is built."""
    (tmp_path / "index.html").touch()
    return tmp_path


@pytest.fixture
def refusing() -> Iterator[str]:
    """An endpoint that accepts no credentials; its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            error = "<Error><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error>"
            body = f"<ErrorResponse>{error}</ErrorResponse>".encode()
            self.send_response(403)
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize("tool", COMMANDS)
def test_without_a_stage(tool: str, home: Path) -> None:
    refused(run(tool, "", home=home, **KEYS, **REGION), "set STAGE=dev or STAGE=prod")


@pytest.mark.parametrize("tool", COMMANDS)
def test_without_a_region(tool: str, home: Path) -> None:
    refused(run(tool, "dev", home=home, **KEYS), "No AWS region is chosen: set AWS_REGION")


@pytest.mark.parametrize("tool", COMMANDS)
def test_without_credentials(tool: str, home: Path) -> None:
    refused(run(tool, "dev", home=home, **REGION), "No AWS credentials were found: set AWS_PROFILE")


def test_with_a_profile_that_is_not_there(home: Path) -> None:
    refused(run("deploy", "dev", home=home, AWS_PROFILE="nobody", **REGION), "(nobody) could not be found")


def test_with_credentials_that_aws_does_not_accept(home: Path, refusing: str) -> None:
    done = run("deploy", "dev", home=home, AWS_ENDPOINT_URL=refusing, **KEYS, **REGION)
    refused(done, "AWS does not accept these credentials: The security token is expired")


def test_where_aws_cannot_be_reached(home: Path) -> None:
    done = run("configure", "dev", home=home, AWS_ENDPOINT_URL="http://127.0.0.1:9", **KEYS, **REGION)
    refused(done, "AWS cannot be used from here")


def test_without_a_dashboard(home: Path) -> None:
    (home / "index.html").unlink()
    refused(run("deploy", "dev", home=home, **KEYS, **REGION), "The dashboard is not built")


def test_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Refusal, match="pip is missing"):
        accounts.check_tools()


def test_a_parameter_without_a_value(home: Path) -> None:
    refused(run("deploy", "dev", "DomainName", home=home, **KEYS, **REGION), "'DomainName' has no value")
    assert pairs(["A=b=c", "D="]) == {"A": "b=c", "D": ""}


class Clients:
    def __init__(self, **clients: Any) -> None:
        self._clients = clients

    def client(self, service: str) -> Any:
        return self._clients[service]


class Lambda:
    def __init__(self, unreserved: int) -> None:
        self._unreserved = unreserved

    def get_account_settings(self) -> dict[str, dict[str, int]]:
        return {"AccountLimit": {"ConcurrentExecutions": 110, "UnreservedConcurrentExecutions": self._unreserved}}


@pytest.mark.parametrize(("reserved", "fits"), [(0, True), (10, True), (11, False)])
def test_an_account_that_cannot_reserve_what_the_functions_ask_for(reserved: int, fits: bool) -> None:
    template: Any = {"Resources": {"A": {"Properties": {"ReservedConcurrentExecutions": reserved}}, "B": {}}}
    at = Account("1", "eu-central-1", Clients(**{"lambda": Lambda(110)}))
    if fits:
        _check_room(at, template)
    else:
        with pytest.raises(Refusal, match="ask for more under Service Quotas"):
            _check_room(at, template)


# -- destroying ---------------------------------------------------------------------------


class Bucket:
    """Two buckets with versions in them, and what was done to them."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def get_paginator(self, operation: str) -> Bucket:
        assert operation == "list_object_versions"
        return self

    def paginate(self, *, Bucket: str) -> Iterator[dict[str, Any]]:
        yield {"Versions": [{"Key": "a", "VersionId": "1"}], "DeleteMarkers": [{"Key": "a", "VersionId": "2"}]}
        yield {}

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> None:
        self.done.append(f"{Bucket}: {json.dumps([one['VersionId'] for one in Delete['Objects']])}")

    def delete_bucket(self, *, Bucket: str) -> None:
        self.done.append(f"{Bucket}: gone")


def destroyed(stage: str, cloud: CloudFormation, answer: str) -> tuple[bool, list[str], list[str]]:
    said: list[str] = []
    s3 = Bucket()
    at = Account("1", "eu-central-1", Clients(s3=s3))
    stack = Stack(cloud, f"handrail-{stage}", pause=lambda: None)
    return destroy(stage, at, stack, lambda question: answer, said.append), said, s3.done


def test_dev_goes_with_all_that_it_keeps_once_that_is_confirmed() -> None:
    cloud = CloudFormation("CREATE_COMPLETE")
    done, said, buckets = destroyed("dev", cloud, "dev\n")
    assert done
    assert cloud.calls == ["delete_stack"]
    artifacts = "handrail-dev-artifacts-1-eu-central-1"
    assert buckets == ['files: ["1", "2"]', f'{artifacts}: ["1", "2"]', f"{artifacts}: gone"]
    assert said[-1] == "The stack handrail-dev is gone."


def test_what_was_left_when_deleting_failed_is_deleted_at_the_next_attempt() -> None:
    cloud = CloudFormation("DELETE_FAILED")
    emptied = {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "gone", "ResourceStatus": "DELETE_COMPLETE"}
    cloud.gone = [emptied]
    done, _, buckets = destroyed("dev", cloud, "dev")
    assert done
    assert not [one for one in buckets if one.startswith("gone")]


@pytest.mark.parametrize("answer", ["", "y", "yes", "prod"])
def test_nothing_goes_without_the_very_word(answer: str) -> None:
    cloud = CloudFormation("CREATE_COMPLETE")
    done, said, buckets = destroyed("dev", cloud, answer)
    assert (done, cloud.calls, buckets, said[-1]) == (False, [], [], "Nothing was deleted.")


def test_prod_is_never_destroyed() -> None:
    cloud = CloudFormation("CREATE_COMPLETE")
    with pytest.raises(Refusal, match="never deleted"):
        destroyed("prod", cloud, "prod")
    assert cloud.calls == []


def test_what_is_not_there_is_not_destroyed() -> None:
    with pytest.raises(Refusal, match="There is no stack handrail-dev in eu-central-1"):
        destroyed("dev", CloudFormation(), "dev")


def test_destroying_asks_a_person(home: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "infra.tools.destroy", "dev"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    refused(done, "run it in a terminal")
