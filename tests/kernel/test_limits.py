"""Who is charged for a request, and what a refusal looks like to each kind of client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from chalice.app import Request

from chalicelib.kernel import limits, rates, settings
from chalicelib.kernel.bearer import new_token
from chalicelib.kernel.links import address, link_for
from chalicelib.kernel.rates import Limiter
from chalicelib.onebox.program import Program
from chalicelib.workspaces.stream import KIND
from tests.support.clients import Agent, Person, new_client
from tests.support.round_trips import recorded
from tests.support.scopes import of_person

Limit = Callable[..., None]


@pytest.fixture
def limit(program: Program, monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Limits that hold from here on, by a clock that stands still."""

    def hold(**changes: Any) -> None:
        monkeypatch.setattr(settings, "_current", msgspec.structs.replace(settings.settings(), **changes))
        monkeypatch.setattr(rates, "_limiter", Limiter(now=lambda: 1_000_000.0))

    return hold


def is_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["status"], problem["retry_after"]) == ("rate_limited", 429, 1)
    assert "1 second" in problem["detail"]


def test_a_person_who_calls_too_often_is_told_to_wait_and_nothing_is_read(
    limit: Limit, person: Person, program: Program
) -> None:
    assert program.engine is not None
    limit(person_rate=1, person_burst=2)
    for _ in range(2):
        person.ask("GET", "/api/workspaces")
    with recorded(program.engine) as recorder:
        answer = person.http.get("/api/workspaces")
        is_refused(answer)
        assert recorder.made_by(answer) == []


def test_all_sessions_of_a_person_are_one_and_other_people_are_not(
    limit: Limit, new_person: Callable[[], Person], program: Program
) -> None:
    person, other = new_person(), new_person()
    ws = person.create_workspace()["id"]
    agent = person.agent(ws).initialize()
    limit(person_rate=1, person_burst=2)
    person.ask("GET", "/api/workspaces")
    person.ask("GET", f"/api/workspaces/{ws}")
    is_refused(person.http.get(f"/api/workspaces/{ws}/tasks"))
    other.ask("GET", "/api/workspaces")
    assert agent.post("tools/list").status_code == 200


def test_an_agent_that_calls_too_often_gets_an_answer_to_its_message_that_says_when_to_try_again(
    limit: Limit, agent: Agent
) -> None:
    limit(token_rate=1, token_burst=1)
    assert agent.post("tools/list").status_code == 200
    answer = agent.post("tools/call", {"name": "getWorkspace", "arguments": {"workspace_id": agent.workspace_id}})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.headers["content-type"] == "application/json"
    sent = msgspec.json.decode(answer.request.content)
    error = answer.json()["error"]
    assert answer.json()["id"] == sent["id"]
    assert "Wait 1 second" in error["message"]
    assert error["data"]["code"] == "rate_limited"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"jsonrpc":"2.0","id":{},"method":1}', b" " * 100_000])
def test_what_is_no_message_is_refused_without_an_id(limit: Limit, agent: Agent, body: bytes) -> None:
    limit(token_rate=1, token_burst=1)
    agent.post("tools/list")
    answer = agent.http.post(agent.path, content=body, headers=agent.headers())
    assert (answer.status_code, answer.json()["id"]) == (429, None)


def test_each_token_has_its_own_limit(limit: Limit, person: Person, workspace_id: str) -> None:
    one, two = (person.agent(workspace_id).initialize() for _ in range(2))
    elsewhere = person.agent(person.create_workspace()["id"]).initialize()
    limit(token_rate=1, token_burst=1)
    assert [one.post("tools/list").status_code for _ in range(2)] == [200, 429]
    assert two.post("tools/list").status_code == elsewhere.post("tools/list").status_code == 200


def test_streams_that_are_opened_in_a_loop_count(limit: Limit, person: Person, agent: Agent) -> None:
    limit(token_rate=1, token_burst=2, person_rate=1, person_burst=2)
    for _ in range(2):
        agent.stream().close()
        person.events(agent.workspace_id).close()
    headers = agent.headers() | {"Accept": "text/event-stream"}
    is_refused(agent.http.get(agent.path, headers=headers))
    is_refused(person.http.get(f"/api/workspaces/{agent.workspace_id}/events"))


def test_dead_tokens_and_sign_ins_count_for_their_address_and_not_for_who_is_signed_in_there(
    limit: Limit, person: Person, agent: Agent, program: Program
) -> None:
    limit(address_rate=1, address_burst=4)
    stranger = new_client(base_url=program.url)

    def guess(token: str) -> httpx.Response:
        return stranger.post(agent.path, json={}, headers={"Authorization": f"Bearer {token}"})

    assert [guess(new_token()).status_code, guess("hr_x").status_code] == [401, 401]
    assert stranger.get("/api/workspaces").status_code == 401
    assert stranger.get("/auth/config").status_code == 200
    is_refused(stranger.get("/auth/config"))
    is_refused(stranger.get("/api/workspaces"))
    is_refused(stranger.post("/auth/local/session"))
    assert guess(new_token()).status_code == 429
    person.ask("GET", "/api/workspaces")
    assert agent.post("tools/list").status_code == 200


def test_a_dead_token_that_is_sent_again_and_again_is_refused_before_it_is_looked_up(
    limit: Limit, agent: Agent, program: Program
) -> None:
    assert program.engine is not None
    agent.http.headers["Authorization"] = f"Bearer {new_token()}"
    limit(token_rate=1, token_burst=1)
    assert agent.post("tools/list").status_code == 401
    with recorded(program.engine) as recorder:
        answer = agent.post("tools/list")
        assert (answer.status_code, recorder.made_by(answer)) == (429, [])


def test_what_a_relay_asks_for_held_streams_counts_for_neither_address_nor_agent(
    limit: Limit, person: Person, agent: Agent
) -> None:
    limit(address_rate=1, address_burst=1, token_rate=1, token_burst=1)
    stream = agent.stream()
    for number in range(3):
        person.create_task(agent.workspace_id, f"Task {number}")
    stream.wait_for(lambda frame: "Task 2" in frame.data)


def test_what_a_relay_asks_has_a_limit_of_its_own(limit: Limit, person: Person, agent: Agent) -> None:
    limit(stream_rate=1, stream_burst=1)
    link = grip_link(person, agent.workspace_id)
    with person.http.stream("GET", link) as held:
        assert held.status_code == 200
    is_refused(person.http.get(link))


def grip_link(person: Person, workspace_id: str) -> str:
    scope = of_person(person, workspace_id)
    return address(link_for(scope, KIND, scope.head.seq))


def request(source: str, **headers: str) -> Request:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(
        {
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "pathParameters": None,
            "multiValueQueryStringParameters": None,
            "body": None,
            "isBase64Encoded": False,
            "stageVariables": None,
            "requestContext": {"resourcePath": "/", "httpMethod": "GET", "identity": {"sourceIp": source}},
        }
    )


VIEWER, SECRET = "CloudFront-Viewer-Address", "X-Handrail-Origin-Secret"


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("198.51.100.7:4711", "198.51.100.7"),
        ("2001:db8::7:4711", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
    ],
)
def test_the_cdns_word_for_an_address_is_taken_beside_its_secret_only(limit: Limit, told: str, address: str) -> None:
    limit(client_address_header=VIEWER.lower(), origin_secret="new,old")
    for secret in ("new", "old"):
        assert limits.address_of(request("10.0.0.1", **{VIEWER: told, SECRET: secret})) == address
    for forged in ({VIEWER: told}, {VIEWER: told, SECRET: "guess"}, {VIEWER: told, SECRET: ""}):
        assert limits.address_of(request("10.0.0.1", **forged)) == "10.0.0.1"


def test_no_header_moves_a_client_elsewhere_where_no_cdn_is_set_up(limit: Limit) -> None:
    limit()
    forged = {VIEWER: "198.51.100.7:1", SECRET: "", "X-Forwarded-For": "198.51.100.7", "Forwarded": "for=1.1.1.1"}
    assert limits.address_of(request("10.0.0.1", **forged)) == "10.0.0.1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.7", "198.51.100.8", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.8", False),
        ("", "nonsense", True),
    ],
)
def test_addresses_of_one_ipv6_network_are_one(one: str, other: str, same: bool) -> None:
    assert (limits.neighbourhood(one) == limits.neighbourhood(other)) is same


def test_the_table_knows_no_address(program: Program) -> None:
    assert "198.51" not in rates._secret("198.51.100.7")
    assert rates._secret("198.51.100.7") != rates._secret("198.51.100.8")
