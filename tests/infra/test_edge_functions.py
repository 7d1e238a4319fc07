"""What the functions at the edge answer, run with Node: the same as the one-machine program."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import MutableMapping
from typing import Any

from chalice.app import Request

from chalicelib.kernel.limits import SECRET_HEADER, address_of
from chalicelib.kernel.settings import Settings
from chalicelib.onebox.program import CONTENT_SECURITY_POLICY
from chalicelib.onebox.static import StaticSite
from infra.tools.site import NOTE
from infra.tools.stages import ROOT
from tests.infra.conftest import Packaged
from tests.infra.test_cdn import behaviour
from tests.isolation.test_tokens import configured
from tests.support.npm import NODE

Json = dict[str, Any]
DIST = ROOT / "dashboard" / "dist"

RUN = """
const events = JSON.parse(process.argv[2]);
eval(process.argv[1] + "; globalThis.handler = handler");
console.log(JSON.stringify(events.map((event) => handler(event))));
"""


def run(packaged: Packaged, name: str, *requests: Json) -> list[Json]:
    code = packaged.expanded["Resources"][name]["Properties"]["FunctionCode"]
    assert len(code.encode()) < 10_000, "CloudFront takes no more"
    events = [
        {
            "version": "1.0",
            "viewer": {"ip": "2001:db8::7"},
            "request": {"method": "GET", "headers": {}, "querystring": {}, "cookies": {}} | request,
        }
        for request in requests
    ]
    done = subprocess.run(
        [NODE, "-e", RUN, code, json.dumps(events)], capture_output=True, text=True, check=True, timeout=20
    )
    answers: list[Json] = json.loads(done.stdout)
    return answers


def request_with(headers: dict[str, str]) -> Request:
    context = {"httpMethod": "GET", "resourcePath": "/", "identity": {"sourceIp": "192.0.2.1"}}
    event = {"headers": headers, "requestContext": context, "body": None, "isBase64Encoded": False}
    return Request(event | {"multiValueQueryStringParameters": None, "pathParameters": None, "stageVariables": None})


class Answer:
    def __init__(self) -> None:
        self.status, self.body = 0, b""

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


def on_one_machine(path: str) -> Answer:
    answer = Answer()

    async def nothing() -> Json:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "path": path, "method": "GET", "headers": []}
    site = StaticSite(DIST, CONTENT_SECURITY_POLICY)
    asyncio.run(site(scope, nothing, answer.send))
    return answer


def built() -> list[str]:
    files = [f"/{file.relative_to(DIST).as_posix()}" for file in DIST.rglob("*") if file.is_file()]
    return [path for path in files if not path.endswith((".br", ".gz"))]


PAGES = ["/", "/w/0ZPO4WBMZIP", "/w/0ZPO4WBMZIP/t/0ZPO4WBMZIP", "/needs-me", "/favicon.ico", "/a.b/c.html", "/apis"]
NOTHING = ["/api", "/api/x", "/auth", "/mcp", "/.well-known/oauth-authorization-server", "/.well-known", "/register"]


def test_every_file_is_asked_for_by_its_name_and_every_page_is_the_index(packaged: Packaged) -> None:
    files = built()
    assert "/index.html" in files
    answers = run(packaged, "SiteRequest", *({"uri": path} for path in [*files, *PAGES]))
    assert [answer["uri"] for answer in answers] == [*files, *["/index.html"] * len(PAGES)]
    index = on_one_machine("/index.html").body
    assert all(on_one_machine(path).body == index for path in PAGES)


def test_what_is_named_as_a_file_is_one_of_the_dashboard(packaged: Packaged) -> None:
    """Else the name would be asked for in the bucket, and not found."""
    public = ROOT / "dashboard" / "public"
    source = {f"/{file.relative_to(public).as_posix()}" for file in public.rglob("*") if file.is_file()}
    top = {path for path in source if path.count("/") == 1} | {"/index.html", "/sw.js"}
    code = packaged.expanded["Resources"]["SiteRequest"]["Properties"]["FunctionCode"]
    assert sorted(top) == json.loads(code.split("var FILES = ")[1].split(";")[0].replace(",\n]", "]"))
    below = {path.split("/")[1] for path in source if path.count("/") > 1} | {"assets"}
    assert {f"/{name}/" for name in below} == set(json.loads(code.split("var FOLDERS = ")[1].split(";")[0]))
    (note,) = run(packaged, "SiteRequest", {"uri": f"/{NOTE}"})
    assert note["uri"] == "/index.html"


def test_what_is_no_page_is_a_problem_in_the_words_of_the_one_machine_program(packaged: Packaged) -> None:
    answers = run(packaged, "SiteRequest", *({"uri": path, "method": "POST"} for path in NOTHING))
    for path, answer in zip(NOTHING, answers, strict=True):
        own = on_one_machine(path)
        assert answer["statusCode"] == own.status == 404
        assert json.loads(answer["body"]["data"]) == json.loads(own.body)
        assert answer["headers"]["content-type"]["value"] == "application/problem+json"


def distribution_of(packaged: Packaged) -> Json:
    config: Json = packaged.expanded["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    return config


def test_clients_that_look_for_oauth_are_answered_whatever_the_method(packaged: Packaged) -> None:
    for path in ("/.well-known/oauth-protected-resource", "/register"):
        chosen = behaviour(distribution_of(packaged), path)
        assert "POST" in chosen["AllowedMethods"]
        assert "SiteRequest" in str(chosen["FunctionAssociations"])


def test_a_request_says_whom_it_comes_from_whatever_the_client_says(packaged: Packaged) -> None:
    forged = {"x-handrail-client-address": {"value": "127.0.0.1"}}
    (answer,) = run(packaged, "EdgeRequest", {"uri": "/api/overview", "headers": forged})
    noted = {name: header["value"] for name, header in answer["headers"].items()}
    with configured(client_address_header="X-Handrail-Client-Address", origin_secret="s"):
        seen = [address_of(request_with(noted | {SECRET_HEADER: secret})) for secret in ("s", "guessed")]
    assert seen == ["2001:db8::7", "192.0.2.1"]
    for path in ("/api/overview", "/api/events", "/mcp/0ZPO4WBMZIP", "/auth/session"):
        assert "EdgeRequest" in str(behaviour(distribution_of(packaged), path)["FunctionAssociations"])


def test_what_is_larger_than_the_program_takes_is_refused_at_the_edge(packaged: Packaged) -> None:
    largest = Settings().largest_mcp_body
    requests = [
        {"uri": "/mcp/0ZPO4WBMZIP", "method": "POST", "headers": {"content-length": {"value": str(size)}}}
        for size in (0, largest, largest + 1)
    ]
    small, just, large = run(packaged, "EdgeRequest", *requests)
    assert small["uri"] == just["uri"] == "/mcp/0ZPO4WBMZIP"
    assert large["statusCode"] == 413
    assert json.loads(large["body"]["data"])["code"] == "too_large"
    # Lambda takes 6 MiB at most, and a text is longer in the JSON of its event.
    assert largest <= 4 * 1024**2
