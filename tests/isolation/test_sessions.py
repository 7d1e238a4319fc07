"""A session: its cookie, what is no session, where requests may come from, and how it ends."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from jose import jwt

from chalicelib.kernel import clock, cookies, directory, settings
from chalicelib.kernel.http import Route
from chalicelib.kernel.serving import SAFE
from chalicelib.onebox.program import Program
from chalicelib.people import rules as people
from chalicelib.wiring import api
from tests.isolation.calls import ROUTES, name_of
from tests.isolation.test_tokens import configured
from tests.support.clients import Json, Person, new_client
from tests.support.worlds import World

COOKIE = "handrail_session"
MUTATIONS = [route for route in api.routes if route.method not in SAFE and route.access != "agent"]


def claims_of(person: Person) -> Json:
    token = person.http.headers["cookie"].partition("=")[2]
    claims: Json = jwt.get_unverified_claims(token)
    return claims


def signed(claims: Json, key: str | None = None, algorithm: str = "HS256") -> str:
    token: str = jwt.encode(claims, key or settings.settings().signing_key, algorithm=algorithm)
    return token


def status_with(person: Person, cookie: str) -> int:
    answer = person.http.get("/auth/session", headers={"Cookie": cookie})
    assert answer.status_code in {200, 401}
    if answer.status_code == 401:
        assert answer.json()["code"] == "unauthorized"
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


# -- the cookie ---------------------------------------------------------------------------


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(program: Program) -> None:
    answer = httpx.post(f"{program.url}/auth/local/session")
    assert answer.status_code == 201
    (header,) = answer.headers.get_list("set-cookie")
    attributes = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert f"max-age={settings.settings().session_lifetime}" in attributes
    assert "secure" not in attributes, "there is no https on the loopback"
    assert not [one for one in attributes if one.startswith("domain")]
    assert SimpleCookie(header)[COOKIE].value not in answer.text


def test_off_the_loopback_the_cookie_is_secure_and_bound_to_its_host(alice: World) -> None:
    with configured(public_url="https://handrail.example.com"):
        header = cookies.issue("s", "p", clock.after(60))
        gone = cookies.clear()
    assert header.startswith(f"__Host-{COOKIE}=")
    for one in (header, gone):
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in one.split(";")}
        assert "Domain" not in one


def test_the_good_cookie_is_good(person: Person) -> None:
    assert status_with(person, f"{COOKIE}={signed(claims_of(person))}") == 200


@pytest.mark.parametrize(
    "neighbour",
    ['state={"a":1,"b c":2}', "a/b=c", "flag", "=x", 'open="', "path=/", f"x={'y' * 5000}", f"my_{COOKIE}=z"],
)
def test_cookies_of_other_programs_on_this_host_do_no_harm(neighbour: str, person: Person) -> None:
    good = person.http.headers["cookie"]
    assert status_with(person, f"{neighbour}; {good}") == 200
    assert status_with(person, f"{good}; {neighbour}") == 200
    assert status_with(person, neighbour) == 401


def unsigned(claims: Json, algorithm: str) -> str:
    parts = [json.dumps({"alg": algorithm, "typ": "JWT"}), json.dumps(claims)]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."


def bad_cookies(person: Person, other: Person) -> Iterator[tuple[str, str]]:
    good = claims_of(person)
    token = signed(good)
    header, payload, signature = token.split(".")
    yield "no cookie", "other=1"
    yield "empty", f"{COOKIE}="
    yield "rubbish", f"{COOKIE}=rubbish"
    yield "nothing but signs", ";;=;,="
    yield "endless", f"{COOKIE}={'x' * 5000}"
    yield "another key", f"{COOKIE}={signed(good, 'another key')}"
    yield "an empty key", f"{COOKIE}={signed(good, ' ')}"
    yield "another algorithm", f"{COOKIE}={signed(good, algorithm='HS512')}"
    for algorithm in ("none", "None", "NONE", "RS256", "hs256"):
        yield f"alg={algorithm}", f"{COOKIE}={unsigned(good, algorithm)}"
        yield f"alg={algorithm}, kept signature", f"{COOKIE}={unsigned(good, algorithm)}{signature}"
    changed = base64.urlsafe_b64encode(json.dumps(good | {"sub": other.id}).encode()).decode().rstrip("=")
    yield "changed payload", f"{COOKIE}={header}.{changed}.{signature}"
    yield "cut signature", f"{COOKIE}={header}.{payload}.{signature[:-4]}"
    yield "no signature", f"{COOKIE}={header}.{payload}."
    for claim in good:
        yield f"no {claim}", f"{COOKIE}={signed({k: v for k, v in good.items() if k != claim})}"
    for claim, value in {
        "aud": "handrail-mcp",
        "iss": "somebody",
        "exp": clock.epoch(clock.now()) - 60,
        "jti": "0" * 22,
        "sub": other.id,
        "iat": "yesterday",
    }.items():
        yield f"{claim}={value}", f"{COOKIE}={signed(good | {claim: value})}"
    yield "another's session", f"{COOKIE}={signed(good | {'jti': other.session.id})}"
    yield "a list of audiences", f"{COOKIE}={signed(good | {'aud': ['handrail-mcp']})}"
    yield "subject that is no text", f"{COOKIE}={signed(good | {'jti': 7})}"


def test_no_other_cookie_is(person: Person, bob: World) -> None:
    accepted = [what for what, cookie in bad_cookies(person, bob.person) if status_with(person, cookie) != 401]
    assert accepted == []


# -- its end ------------------------------------------------------------------------------


def test_signing_out_ends_the_session_in_every_tab_and_closes_its_streams(person: Person, workspace_id: str) -> None:
    stream = person.events(workspace_id)
    tab = new_client(base_url=person.http.base_url, headers={"Cookie": person.http.headers["cookie"]})
    assert tab.get("/auth/session").status_code == 200
    answer = person.http.delete("/auth/session")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    stream.wait_until_closed(1.0)
    assert tab.get("/auth/session").status_code == 401
    assert tab.get(f"/api/workspaces/{workspace_id}").status_code == 401
    assert tab.get(f"/api/workspaces/{workspace_id}/events").status_code == 401


def test_signing_out_ends_no_other_session_of_the_same_person(person: Person) -> None:
    other = people.open_session(people.person_of(person.session))
    person.ask("DELETE", "/auth/session", 204)
    cookie = cookies.issue(other.id, person.id, other.expires_at).partition(";")[0]
    assert status_with(person, cookie) == 200


def test_a_session_that_was_removed_is_over(person: Person, workspace_id: str) -> None:
    directory.remove(directory.session_key(person.session.id))
    assert person.http.get("/auth/session").status_code == 401
    assert person.http.get(f"/api/workspaces/{workspace_id}/tasks").status_code == 401


def test_the_streams_of_a_session_that_was_removed_elsewhere_are_closed(person: Person, workspace_id: str) -> None:
    other = Person(str(person.http.base_url), person.session.name)
    stays, one, all = other.events(workspace_id), person.events(workspace_id), person.all_events()
    all.wait_for(lambda frame: frame.event == "reset")
    directory.remove(directory.session_key(person.session.id))
    one.wait_until_closed(1.0)
    all.wait_until_closed(1.0)
    other.create_task(workspace_id)
    stays.wait_for_type("task.created")


def test_the_streams_of_a_session_that_expired_are_closed(
    program: Program, person: Person, workspace_id: str
) -> None:
    stream = person.events(workspace_id)
    over = clock.after(-60)
    directory.write(directory.session_key(person.session.id), person.session, over)
    assert program.engine is not None
    program.engine.expire(clock.now().timestamp())
    stream.wait_until_closed(1.0)


def test_no_request_publishes_to_the_relay_itself() -> None:
    """On AWS only the stream function can reach the relay."""
    sources = Path(people.__file__).parents[1].rglob("*.py")
    publishing = {file.parent.name + "/" + file.name for file in sources if "grip.publish(" in file.read_text()}
    assert publishing == {"kernel/listening.py"}


def test_a_session_ends_with_its_time(program: Program) -> None:
    with configured(session_lifetime=60):
        person = Person(program.url, "short of time")
    person.ask("GET", "/auth/session")
    with clock.moved(61):
        assert person.http.get("/auth/session").status_code == 401
        # Even a cookie that claims to live on: the stored session says when it is over.
        claims = claims_of(person) | {"exp": clock.epoch(clock.after(600))}
        assert status_with(person, f"{COOKIE}={signed(claims)}") == 401


# -- where requests come from -------------------------------------------------------------


@pytest.mark.parametrize("route", MUTATIONS, ids=name_of)
def test_a_mutation_from_another_site_is_not_carried_out(route: Route, alice: World) -> None:
    before = alice.items()
    asked = ROUTES[name_of(route)](alice.ids)
    path = route.path.format_map({"ws": alice.workspace_id} | alice.ids)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{alice.agent.url}.evil.example"},
        {"Origin": alice.agent.url.replace("http:", "https:")},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = alice.person.http.request(route.method, path, json=asked.json, headers=headers)
        assert answer.status_code == 403, headers
        assert answer.json()["code"] == "forbidden"
        assert "set-cookie" not in answer.headers
    assert alice.items() == before


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}])
def test_a_mutation_from_the_dashboard_is(headers: dict[str, str], person: Person, workspace_id: str) -> None:
    path = f"/api/workspaces/{workspace_id}/tasks"
    person.ask("POST", path, 201, json={"title": "x"}, headers=headers)
    person.ask("POST", path, 201, json={"title": "x"}, headers=headers | {"Origin": str(person.http.base_url)})


def test_an_agent_in_a_page_of_another_site_is_refused(alice: World) -> None:
    """DNS rebinding: a page that reached this address under another name has that name as its origin."""
    agent = alice.agent
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    for path in (agent.path, f"{agent.path}/stateless"):
        foreign = agent.http.post(path, json=ping, headers=agent.headers() | {"Origin": "https://evil.example"})
        assert foreign.status_code == 403
    events = agent.http.get(agent.path, headers=agent.headers() | {"Origin": "https://evil.example"})
    assert events.status_code == 403
    own = agent.http.post(agent.path, json=ping, headers=agent.headers() | {"Origin": agent.url})
    assert own.status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/workspaces", "/auth/config", "/mcp/{ws}", "/", "/grip/next/00000000000?link=x"]
)
def test_no_other_host_name_is_answered_for(path: str, alice: World) -> None:
    for host in (
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.2",
    ):
        answer = alice.person.http.get(path.format(ws=alice.workspace_id), headers={"Host": host})
        assert answer.status_code == 421, host
        assert answer.json()["code"] == "misdirected_request"


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:1"])
def test_the_loopback_has_several_names(host: str, alice: World) -> None:
    assert alice.person.http.get("/auth/config", headers={"Host": host}).status_code == 200


def test_local_sign_in_works_from_this_machine_only(program: Program) -> None:
    async def sign_in(address: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(program.gateway, client=(address, 1234))
        async with httpx.AsyncClient(transport=transport, base_url=program.url) as client:
            return await client.post("/auth/local/session", headers=headers)

    assert asyncio.run(sign_in("127.0.0.1")).status_code == 201
    assert asyncio.run(sign_in("::1")).status_code == 201
    for address in ("10.0.0.5", "192.168.1.2", "fe80::1", "", "localhost.evil.example"):
        for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
            answer = asyncio.run(sign_in(address, **headers))
            assert answer.status_code == 403, address
            assert "set-cookie" not in answer.headers
    # A proxy on this machine passes on what anybody sent.
    for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"):
        assert asyncio.run(sign_in("127.0.0.1", **{name: "203.0.113.7"})).status_code == 403
    for host in ("localhost", "localhost:8000", "127.0.0.1", "[::1]:8000", "[::1]"):
        assert asyncio.run(sign_in("127.0.0.1", Host=host)).status_code == 201
    with configured(public_url="https://handrail.example.com"), pytest.MonkeyPatch.context() as patched:
        patched.setattr(program.gateway, "_allowed_host", lambda host: True)
        assert asyncio.run(sign_in("127.0.0.1", Host="handrail.example.com")).status_code == 403
