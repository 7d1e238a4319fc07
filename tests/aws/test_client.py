"""What a function asks of AWS for a workspace: the very requests, as a server of STS receives them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from chalicelib.aws.client import tables_of
from chalicelib.aws.credentials import from_token_service
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.settings import Settings

ROLES = Settings(
    tenant_role="arn:aws:iam::123456789012:role/tenant", overview_role="arn:aws:iam::123456789012:role/ov"
)
A, B = new_id(), new_id()
ANSWER = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
    "<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    "<Expiration>2026-11-21T12:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            seen.append({name: values[0] for name, values in parse_qs(body).items()})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(ANSWER.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "FUNCTION")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    yield seen
    server.shutdown()
    server.server_close()


def test_for_one_workspace_the_tenant_role_is_assumed_with_it_as_the_tag(asked: list[dict[str, str]]) -> None:
    keys = from_token_service(ROLES)((A,))
    assert (keys.access_key, keys.secret_key, keys.token) == ("ASIA1", "s", "t")
    (request,) = asked
    assert request == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": ROLES.tenant_role,
        "RoleSessionName": A,
        "DurationSeconds": "3600",
        "Tags.member.1.Key": "workspace",
        "Tags.member.1.Value": A,
    }


def test_for_several_the_overview_role_is_assumed_with_each_in_a_tag(asked: list[dict[str, str]]) -> None:
    from_token_service(ROLES)((A, B))
    (request,) = asked
    assert (request["RoleArn"], request["RoleSessionName"]) == (ROLES.overview_role, "overview")
    tags = {request[f"Tags.member.{n}.Key"]: request[f"Tags.member.{n}.Value"] for n in range(1, 21)}
    assert tags.keys() == {f"w{place}" for place in range(20)}
    assert set(tags.values()) == {A, B}


def test_the_tables_of_a_request_are_known_whatever_it_is() -> None:
    item = {"Put": {"TableName": "w"}}, {"Delete": {"TableName": "d"}}
    assert tables_of({"TableName": "w"}) == {"w"}
    assert tables_of({"RequestItems": {"w": {}, "d": {}}}) == {"w", "d"}
    assert tables_of({"TransactItems": list(item)}) == {"w", "d"}
