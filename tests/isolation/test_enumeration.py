"""Every route and every tool, called with what belongs to somebody else.

Bob has a full workspace of his own. Whatever he calls with Alice's ids, he is told nothing of hers, changes nothing
of hers, and cannot tell her ids from ids that nothing has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import httpx
import pytest

import app
from chalicelib.kernel.http import Nothing, Route
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.mcp.registry import Arguments, Registry
from chalicelib.kernel.scope import Scope
from chalicelib.onebox.program import Program
from chalicelib.wiring import api
from tests.isolation.calls import NOTIFICATIONS, RESOURCES, ROUTES, TOOLS, IdsOf, name_of, unknown
from tests.support.clients import Json
from tests.support.worlds import Ids, Told, World, absent_ids, absent_like, both_eras, rpc, structured, told

IN_WORKSPACE = [route for route in api.routes if "{ws}" in route.path]
BY_SESSION = [route for route in api.routes if route.access in {"session", "workspace"}]
BY_TOKEN = [route for route in api.routes if route.access == "agent"]
OPEN_TO_ALL = [route for route in api.routes if "{ws}" not in route.path]
# Calls that end the caller's own session are made in test_tokens, by people whose sessions nobody needs.
ENDS_THE_SESSION = "DELETE /auth/session"
# A stream of one's own stays open: what it shows is read in test_streams.
STAYS_OPEN = "GET /api/events"
KINDS = (
    "task_id",
    "question_id",
    "message_id",
    "attachment_id",
    "upload_id",
    "permission_id",
    "rule_id",
    "token_id",
    "entry_id",
    "device_id",
    "person_id",
    "invitation_id",
)


def send(client: httpx.Client, route: Route, ws: str, ids: IdsOf, **more: str) -> Told:
    asked = ROUTES[name_of(route)](ids)
    named = {"ws": ws, "unique": "00000000000"} | {name: ids[name] for name in ids if f"{{{name}}}" in route.path}
    options = asked.options()
    options["headers"] = options["headers"] | more
    return told(client.request(route.method, route.path.format_map(named), **options))


def tells_nothing_of(world: World, answers: Iterable[Told], *named: str) -> None:
    """None of `answers` holds a trace of `world`, but for the ids that the caller itself `named`."""
    for answer in answers:
        seen = answer.without(*named).everything()
        assert not [trace for trace in world.traces() if trace in seen], seen


def used_kinds(route: Route) -> set[str]:
    ids = Ids({kind: new_id() for kind in KINDS})
    ROUTES[name_of(route)](ids)
    return ids.used | {kind for kind in KINDS if f"{{{kind}}}" in route.path}


def named(routes: list[Route]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", routes, ids=name_of)


# -- nothing is forgotten -----------------------------------------------------------------


def test_every_route_is_known_to_this_test() -> None:
    assert unknown(map(name_of, api.routes), ROUTES) == set()


def test_every_route_that_the_app_serves_is_a_declared_one() -> None:
    served = {f"{method} {path}" for path, methods in app.app.routes.items() for method in methods}
    assert served == set(map(name_of, api.routes))


def test_the_openapi_document_has_every_route_that_a_browser_may_call(program: Program) -> None:
    document = httpx.get(f"{program.url}/api/openapi.json").json()
    described = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    inner = {name_of(route) for route in api.routes if route.access == "agent"} | {"GET /grip/next/{unique}"}
    assert described == set(map(name_of, api.routes)) - inner


def test_every_tool_resource_and_notification_is_known_to_this_test() -> None:
    registry = api.server.registry
    assert unknown(registry.tools, TOOLS) == set()
    assert unknown(registry.notifications, NOTIFICATIONS) == set()
    assert unknown((resource.template for resource in registry.resources), RESOURCES) == set()


def test_a_route_or_a_tool_that_nobody_taught_this_test_is_noticed() -> None:
    new = Route(
        "GET", "/api/workspaces/{ws}/secrets", lambda call: None, "workspace", Nothing, Nothing, None, 200, ""
    )
    assert unknown(map(name_of, [*api.routes, new]), ROUTES) == {"GET /api/workspaces/{ws}/secrets"}

    registry = Registry()
    registry.add(api.server.registry)

    def reveal(scope: Scope, arguments: Arguments) -> Nothing:
        return Nothing()

    reveal.__annotations__["arguments"] = Arguments
    registry.tool("reveal", "Reveal", Nothing)(reveal)
    assert unknown(registry.tools, TOOLS) == {"reveal"}


# -- people -------------------------------------------------------------------------------


@named([route for route in IN_WORKSPACE if route.access == "workspace"])
def test_another_persons_workspace_is_not_there(route: Route, alice: World, bob: World, log_lines: list[str]) -> None:
    before = alice.items()
    foreign = send(bob.person.http, route, alice.workspace_id, alice.ids)
    absent = send(bob.person.http, route, absent_like(alice.workspace_id), absent_ids(alice))
    assert foreign.status == 404
    assert foreign == absent
    tells_nothing_of(alice, [foreign])
    assert alice.items() == before
    assert not [line for line in log_lines if any(trace in line for trace in (alice.canary, *alice.secrets))]


@named([route for route in IN_WORKSPACE if route.access == "workspace" and used_kinds(route)])
def test_another_persons_ids_mean_nothing_in_ones_own_workspace(route: Route, alice: World, bob: World) -> None:
    before, own = alice.items(), bob.items()
    for kind in sorted(used_kinds(route)):
        foreign_id, absent_id = alice.ids[kind], absent_ids(alice)[kind]
        foreign = send(bob.person.http, route, bob.workspace_id, bob.ids | {kind: foreign_id})
        absent = send(bob.person.http, route, bob.workspace_id, bob.ids | {kind: absent_id})
        assert foreign.without(foreign_id) == absent.without(absent_id)
        assert foreign.status == 404 or route.method == "GET"
        tells_nothing_of(alice, [foreign], foreign_id)
    assert alice.items() == before
    assert bob.items() == own


@named([route for route in OPEN_TO_ALL if name_of(route) not in {ENDS_THE_SESSION, STAYS_OPEN}])
def test_what_names_no_workspace_shows_the_callers_own(route: Route, alice: World, bob: World) -> None:
    before = alice.items()
    tells_nothing_of(alice, [send(bob.person.http, route, "", bob.ids)])
    assert alice.items() == before


@named([route for route in api.routes if route.access != "public"])
def test_nothing_opens_without_a_credential(route: Route, nobody: httpx.Client, alice: World) -> None:
    answer = send(nobody, route, alice.workspace_id, alice.ids)
    assert answer.status == 401
    tells_nothing_of(alice, [answer])


@named(BY_SESSION)
def test_a_token_opens_nothing_that_a_session_opens(route: Route, nobody: httpx.Client, alice: World) -> None:
    before = alice.items()
    headers = {"Authorization": f"Bearer {alice.agent.secret}"}
    cookie = f"handrail_session={alice.agent.secret}"
    by_header = send(nobody, route, alice.workspace_id, alice.ids, **headers)
    by_cookie = send(nobody, route, alice.workspace_id, alice.ids, Cookie=cookie)
    assert by_header.status == by_cookie.status == 401
    tells_nothing_of(alice, [by_header, by_cookie])
    assert alice.items() == before


@named(BY_TOKEN)
def test_a_session_opens_nothing_that_a_token_opens(route: Route, alice: World) -> None:
    before = alice.items()
    cookie = alice.person.http.headers["cookie"].partition("=")[2]
    by_cookie = send(alice.person.http, route, alice.workspace_id, alice.ids)
    by_header = send(alice.person.http, route, alice.workspace_id, alice.ids, Authorization=f"Bearer {cookie}")
    assert by_cookie.status == by_header.status == 401
    tells_nothing_of(alice, [by_cookie, by_header])
    assert alice.items() == before


def test_an_idempotency_key_is_ones_own(alice: World, bob: World) -> None:
    key = {"Idempotency-Key": "the same"}
    hers = alice.person.ask(
        "POST", f"/api/workspaces/{alice.workspace_id}/tasks", 201, json={"title": alice.canary}, headers=key
    )
    his = bob.person.http.post(f"/api/workspaces/{bob.workspace_id}/tasks", json={"title": "his"}, headers=key)
    assert his.status_code == 201
    assert his.json()["id"] != hers["id"]
    tells_nothing_of(alice, [told(his)])


def test_a_cursor_reads_only_the_workspace_that_it_is_used_in(alice: World, bob: World) -> None:
    page = alice.person.ask("GET", f"/api/workspaces/{alice.workspace_id}/tasks?limit=1")
    answer = bob.person.http.get(
        f"/api/workspaces/{bob.workspace_id}/tasks", params={"cursor": page["next_cursor"], "limit": 200}
    )
    assert answer.status_code == 200
    tells_nothing_of(alice, [told(answer)])


# -- agents -------------------------------------------------------------------------------


@named(BY_TOKEN)
def test_another_workspace_is_not_there_for_an_agent(route: Route, alice: World, bob: World) -> None:
    before = alice.items()
    headers = bob.agent.headers()
    foreign = send(bob.agent.http, route, alice.workspace_id, alice.ids, **headers)
    absent = send(bob.agent.http, route, absent_like(alice.workspace_id), alice.ids, **headers)
    assert foreign.status == 404
    assert foreign == absent
    tells_nothing_of(alice, [foreign])
    assert alice.items() == before


@named([route for route in BY_TOKEN if not route.path.endswith("stateless")])
def test_another_agents_mcp_session_is_not_there(route: Route, alice: World, bob: World) -> None:
    before = alice.items()
    foreign = send(bob.agent.http, route, bob.workspace_id, bob.ids, **{"Mcp-Session-Id": str(alice.agent.session)})
    absent = send(bob.agent.http, route, bob.workspace_id, bob.ids, **{"Mcp-Session-Id": "nothing.atall"})
    assert foreign.status == 404
    assert foreign == absent
    tells_nothing_of(alice, [foreign])
    assert alice.items() == before


@pytest.fixture
def bobs_answers(bob: World) -> Callable[[str, Json], list[Told]]:
    """What Bob's agent is told, at both of its addresses."""
    return lambda method, params: [told(one) for one in both_eras(bob.agent, bob.workspace_id, method, params)]


tools = pytest.mark.parametrize("tool", sorted(TOOLS))


@tools
def test_a_tool_without_workspace_id_says_so(tool: str, bob: World) -> None:
    for given in ({}, {"workspace_id": None}, {"workspace_id": ""}, {"workspace_id": 7}, {"workspace_id": [1]}):
        params = {"name": tool, "arguments": dict(TOOLS[tool](bob.ids)) | given}
        for answer in both_eras(bob.agent, bob.workspace_id, "tools/call", params):
            result = structured(answer)
            assert result["isError"] is True
            assert result["content"][0]["text"] == "Missing or invalid argument: workspace_id"


@tools
def test_a_tool_refuses_to_work_in_another_workspace(
    tool: str, alice: World, bob: World, bobs_answers: Callable[[str, Json], list[Told]]
) -> None:
    before = alice.items()
    foreign, absent = (
        bobs_answers("tools/call", {"name": tool, "arguments": dict(TOOLS[tool](alice.ids)) | {"workspace_id": ws}})
        for ws in (alice.workspace_id, absent_like(alice.workspace_id))
    )
    assert foreign == absent
    for answer in foreign:
        assert b"workspace_id does not match this connection" in answer.body
        assert b'"code":"workspace_mismatch"' in answer.body
    tells_nothing_of(alice, foreign)
    assert alice.items() == before


@tools
def test_another_workspaces_ids_mean_nothing_to_a_tool(
    tool: str,
    alice: World,
    bob: World,
    bobs_answers: Callable[[str, Json], list[Told]],
    log_lines: list[str],
) -> None:
    ids = Ids(bob.ids)
    TOOLS[tool](ids)

    def call(kind: str, id: str) -> list[Told]:
        arguments = TOOLS[tool](bob.ids | {kind: id}) | {"workspace_id": bob.workspace_id}
        return bobs_answers("tools/call", {"name": tool, "arguments": arguments})

    for kind in ids.used:
        call(kind, absent_ids(alice)[kind])  # what it does in Bob's own workspace it has done before we look
    before, own = alice.items(), bob.items()
    for kind in sorted(ids.used):
        foreign_id, absent_id = alice.ids[kind], absent_ids(alice)[kind]
        foreign, absent = call(kind, foreign_id), call(kind, absent_id)
        assert [one.without(foreign_id) for one in foreign] == [one.without(absent_id) for one in absent]
        tells_nothing_of(alice, foreign, foreign_id)
    assert alice.items() == before
    assert bob.items() == own
    assert not [line for line in log_lines if alice.canary in line]


@pytest.mark.parametrize("template", sorted(RESOURCES))
def test_another_workspaces_resources_are_not_there(
    template: str, alice: World, bob: World, bobs_answers: Callable[[str, Json], list[Told]]
) -> None:
    before = alice.items()
    task, gone = alice.ids["task_id"], absent_ids(alice)["task_id"]
    pairs = [((alice.workspace_id, task), (absent_like(alice.workspace_id), gone))]
    if "{id}" in template:
        pairs.append(((bob.workspace_id, task), (bob.workspace_id, gone)))
    for foreign, absent in pairs:
        hers, nobodys = (
            bobs_answers("resources/read", {"uri": template.format(ws=ws, id=id)}) for ws, id in (foreign, absent)
        )
        assert [one.without(*foreign) for one in hers] == [one.without(*absent) for one in nobodys]
        assert all(b'"error"' in one.body for one in hers)
        tells_nothing_of(alice, hers, *foreign)
    assert alice.items() == before


@pytest.mark.parametrize("method", sorted(NOTIFICATIONS))
def test_another_workspaces_ids_mean_nothing_in_a_notification(method: str, alice: World, bob: World) -> None:
    before, own = alice.items(), bob.items()
    answers = []
    for id in (alice.ids["task_id"], absent_ids(alice)["task_id"]):
        message = {"jsonrpc": "2.0", "method": method, "params": NOTIFICATIONS[method](bob.ids | {"task_id": id})}
        answers.append(told(bob.agent.http.post(bob.agent.path, json=message, headers=bob.agent.headers())))
    assert answers[0] == answers[1]
    tells_nothing_of(alice, answers)
    assert alice.items() == before
    assert bob.items() == own


def test_what_the_server_lists_is_ones_own(alice: World, bobs_answers: Callable[[str, Json], list[Told]]) -> None:
    for method in ("tools/list", "resources/list", "resources/templates/list", "prompts/list"):
        tells_nothing_of(alice, bobs_answers(method, {}))


def test_an_agent_cannot_decide_nor_make_rules_or_tokens(alice: World) -> None:
    """No tool does it, no argument says who one is, and its token opens none of the routes that do."""
    assert not {"decide", "decidePermission", "addRule", "generateToken"} & set(api.server.registry.tools)
    agent, ws = alice.agent, f"/api/workspaces/{alice.workspace_id}"
    decision = f"{ws}/permissions/{alice.ids['permission_id']}/decision"
    for method, path, content in (
        ("PUT", decision, {"behavior": "allow_always"}),
        ("POST", f"{ws}/permission_rules", {"tool_name": "Bash", "pattern": "rm"}),
        ("POST", f"{ws}/tokens", {"name": "another"}),
    ):
        assert agent.http.request(method, path, json=content).status_code == 401
    pending = alice.person.ask("GET", f"{ws}/permissions?status=pending")["items"]
    assert alice.ids["permission_id"] in [one["id"] for one in pending]
    pretended = agent.http.post(
        agent.path,
        json=rpc(
            "tools/call",
            {
                "name": "reply",
                "arguments": {
                    "workspace_id": alice.workspace_id,
                    "chat_id": alice.ids["task_id"],
                    "text": "x",
                    "sender": {"kind": "person", "id": alice.person.id, "name": "me"},
                },
            },
        ),
        headers=agent.headers(),
    )
    assert structured(pretended)["isError"] is True
