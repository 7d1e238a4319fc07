"""What is held open shows its own workspace only; a link that relays follow is worth nothing to anybody else."""

from __future__ import annotations

import asyncio
import base64
import json

import httpx
import msgspec
import pytest

from chalicelib.kernel import bearer, clock, links, signing
from chalicelib.kernel.links import Link
from chalicelib.onebox.program import Program
from chalicelib.workspaces import person_stream
from tests.support.clients import EventStream, Json
from tests.support.worlds import World, absent_ids, absent_like, stateless


def everything_happens_in(world: World) -> None:
    ws, task = world.workspace_id, world.ids["task_id"]
    path = f"/api/workspaces/{ws}"
    world.person.create_task(ws, f"new {world.canary}", body=world.canary)
    world.person.reply(ws, task, f"hear {world.canary}")
    world.person.ask("PATCH", f"{path}/tasks/{task}", json={"title": f"changed {world.canary}"})
    world.person.ask("PUT", f"{path}/permissions/{world.ids['permission_id']}/decision", json={"behavior": "deny"})
    world.person.generate_token(ws, f"another {world.canary}")
    world.agent.call("reply", chat_id=task, text=f"said {world.canary}")
    world.person.ask("PATCH", path, json={"mission": f"new {world.canary}"})


def listen(world: World, uris: list[str]) -> EventStream:
    """A stream of the stateless era that subscribes to `uris`."""
    wanted: Json = {"notifications": {"resourceSubscriptions": uris}}
    body, headers = stateless("subscriptions/listen", wanted)
    headers |= {"Accept": "text/event-stream, application/json"}
    path = f"/mcp/{world.workspace_id}/stateless"
    return EventStream(world.agent.http, "POST", path, json=body, headers=headers)


def test_what_happens_in_one_workspace_reaches_no_stream_of_another(bob: World, world: World) -> None:
    hers = (f"handrail://{world.workspace_id}/tasks/{world.ids['task_id']}", f"handrail://{world.workspace_id}/inbox")
    same_ids = f"handrail://{bob.workspace_id}/tasks/{world.ids['task_id']}"
    streams = [
        bob.person.events(bob.workspace_id, 0),
        bob.agent.stream(),
        listen(bob, [*hers, same_ids]),
        bob.person.all_events({bob.workspace_id: 0}),
        bob.person.all_events(),
    ]
    own = [world.person.events(world.workspace_id), world.agent.stream(), world.person.all_events()]
    everything_happens_in(world)
    own[0].wait_for_type("workspace.updated")
    own[1].wait_for(lambda frame: f"hear {world.canary}" in frame.data)
    own[2].wait_for_type("workspace.updated")
    made = world.person.create_workspace(f"another {world.canary}")["id"]
    own[2].wait_for(lambda frame: made in frame.data)
    # What Bob's streams get last is his own doing: whatever came before it would have been there by then.
    mark = bob.person.create_task(bob.workspace_id, "a mark of my own")["id"]
    streams[0].wait_for(lambda frame: mark in frame.data)
    streams[1].wait_for(lambda frame: mark in frame.data)
    streams[2].wait_for(lambda frame: "acknowledged" in frame.data)
    for stream in streams[3:]:
        stream.wait_for(lambda frame: mark in frame.data)
    for stream in streams:
        seen = stream.raw.decode().replace(same_ids, "")
        assert not [trace for trace in (*world.traces(), made) if trace in seen]
        stream.close()
    for stream in own:
        stream.close()


def test_a_foreign_subscription_is_acknowledged_no_more_than_an_absent_one(alice: World, bob: World) -> None:
    def acknowledged(workspace_id: str, task_id: str) -> Json:
        stream = listen(bob, [f"handrail://{workspace_id}/tasks/{task_id}", f"handrail://{workspace_id}/inbox"])
        frame = stream.wait_for(lambda frame: "acknowledged" in frame.data)
        stream.close()
        return frame.json

    foreign = acknowledged(alice.workspace_id, alice.ids["task_id"])
    assert foreign == acknowledged("0" * 11, absent_ids(alice)["task_id"])
    assert foreign["params"]["notifications"] == {}
    own, absent = alice.ids["task_id"], absent_ids(alice)["task_id"]
    mine = json.dumps(acknowledged(bob.workspace_id, own)).replace(own, "")
    assert mine == json.dumps(acknowledged(bob.workspace_id, absent)).replace(absent, "")


def test_a_foreign_workspace_that_is_named_is_reset_like_an_absent_one(
    program: Program, alice: World, bob: World
) -> None:
    cookie = {"Cookie": bob.person.http.headers["cookie"]}

    def opened(named: str) -> tuple[list[str], Json]:
        answer = at_the_origin(program, f"/api/events?after={named}:3,{bob.workspace_id}:0", cookie)
        held = {name: value for name, value in answer.headers.items() if name != "grip-link"}
        assert named in answer.text
        assert named not in str(held)
        body = _link(answer).partition(".")[0]
        link: Json = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return [answer.text.replace(named, ""), str(held["grip-channel"])], link | {"expires": 0}

    foreign = opened(alice.workspace_id)
    assert foreign == opened(absent_like(alice.workspace_id))
    assert foreign[1]["cursors"].keys() == {bob.workspace_id}
    assert not [trace for trace in alice.traces() if trace in foreign[0][0]]


# -- links --------------------------------------------------------------------------------


def at_the_origin(program: Program, path: str, headers: dict[str, str]) -> httpx.Response:
    """An answer as the relay gets it, with the headers that no client sees."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(program.gateway)
        async with httpx.AsyncClient(transport=transport, base_url=program.url) as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def link_of_person(program: Program, world: World) -> str:
    cookie = {"Cookie": world.person.http.headers["cookie"]}
    answer = at_the_origin(program, f"/api/workspaces/{world.workspace_id}/events?after=0", cookie)
    return _link(answer)


def link_over_all(program: Program, world: World) -> str:
    return _link(at_the_origin(program, "/api/events", {"Cookie": world.person.http.headers["cookie"]}))


def link_of_agent(program: Program, world: World) -> str:
    headers = {"Authorization": f"Bearer {world.agent.secret}", "Accept": "text/event-stream"}
    return _link(at_the_origin(program, world.agent.path, headers | world.agent.headers()))


def _link(answer: httpx.Response) -> str:
    target = answer.headers["grip-link"].partition("<")[2].partition(">")[0]
    return str(httpx.URL(target).params["link"])


def follow(program: Program, link: str) -> httpx.Response:
    return at_the_origin(program, f"/grip/next/00000000000?link={link}", {})


def ends(answer: httpx.Response) -> bool:
    """Whether the answer tells a relay to end the stream and shows nothing."""
    return answer.status_code == 200 and answer.content == b"" and not [h for h in answer.headers if "grip" in h]


def test_a_link_shows_what_its_own_stream_is_to_show(program: Program, alice: World) -> None:
    for link in (link_of_person(program, alice), link_of_agent(program, alice)):
        answer = follow(program, link)
        assert answer.status_code == 200
        assert answer.headers["grip-hold"] == "stream"
        assert alice.workspace_id in answer.headers["grip-channel"]


def test_no_byte_of_a_link_can_be_changed(program: Program, alice: World, bob: World) -> None:
    hers, his = link_of_person(program, alice), link_of_person(program, bob)
    body, _, signature = hers.partition(".")
    decoded = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    assert alice.workspace_id in decoded
    pointed_elsewhere = decoded.replace(alice.workspace_id, bob.workspace_id)
    moved = base64.urlsafe_b64encode(pointed_elsewhere.encode()).decode().rstrip("=")
    flipped = [
        hers[:n] + ("A" if hers[n] != "A" else "B") + hers[n + 1 :] for n in (0, len(body) // 2, len(body) + 5)
    ]
    for forged in (f"{moved}.{signature}", f"{his.partition('.')[0]}.{signature}", body, f"{body}.", ".", *flipped):
        answer = follow(program, forged)
        assert answer.status_code == 400, forged
        assert alice.canary not in answer.text


def test_what_was_signed_for_something_else_is_no_link(program: Program, alice: World) -> None:
    assert follow(program, str(alice.agent.session)).status_code == 400
    value = Link(kind="events", workspace_id=alice.workspace_id, after=0, session="x", person="x", expires=1 << 40)
    assert follow(program, signing.sign("mcp-session", value)).status_code == 400


def test_a_link_is_worth_nothing_when_its_time_is_over(program: Program, alice: World) -> None:
    link = link_of_person(program, alice)
    with clock.moved(3600):
        assert follow(program, link).status_code == 400


@pytest.mark.parametrize("kind", ["events", "agent", "subscription"])
def test_even_a_signed_link_opens_no_workspace_that_its_credential_does_not(
    program: Program, kind: str, alice: World, bob: World
) -> None:
    person = Link(
        kind=kind, workspace_id=alice.workspace_id, after=0, session=bob.person.session.id, person=bob.person.id
    )
    of_another = Link(
        kind=kind, workspace_id=alice.workspace_id, after=0, session=bob.person.session.id, person=alice.person.id
    )
    route = httpx.URL(links.address(Link(kind=kind, workspace_id=bob.workspace_id, after=0))).params["link"]
    for link in (person, of_another):
        signed = httpx.URL(links.address(link)).params["link"]
        assert ends(follow(program, signed))
    assert ends(follow(program, route))


def test_even_a_signed_link_over_workspaces_shows_only_those_of_its_person(
    program: Program, world: World, bob: World
) -> None:
    def followed(**of: object) -> httpx.Response:
        link = msgspec.convert({"kind": person_stream.KIND, "cursors": {world.workspace_id: 0}, **of}, Link)
        return follow(program, httpx.URL(links.address(link)).params["link"])

    his = {"session": bob.person.session.id, "person": bob.person.id}
    for delete in (False, True):
        if delete:
            path = f"/api/workspaces/{world.workspace_id}"
            world.person.ask("DELETE", path, 204, json={"confirm": world.canary})
        seen = followed(**his).text
        assert seen.startswith(f'id: 0\nevent: reset\ndata: {{"type":"reset","workspace_id":"{world.workspace_id}"')
        assert not [trace for trace in world.traces() if trace in seen.replace(world.workspace_id, "")]
    assert ends(followed(**his | {"person": world.person.id}))
    assert ends(followed(**his | {"session": "x" * 22}))
    assert ends(followed(route=bearer.digest(world.agent.secret), workspace_id=world.workspace_id))
    assert ends(followed())


def test_a_link_dies_with_its_credential(program: Program, world: World) -> None:
    of_agent, of_person = link_of_agent(program, world), link_of_person(program, world)
    over_all = link_over_all(program, world)
    assert "grip-hold" in follow(program, over_all).headers
    world.person.ask("DELETE", f"/api/workspaces/{world.workspace_id}/tokens/{world.agent.token_id}", 204)
    assert ends(follow(program, of_agent))
    world.person.ask("DELETE", "/auth/session", 204)
    assert ends(follow(program, of_person))
    assert ends(follow(program, over_all))


def test_no_client_ever_sees_what_is_for_the_relay(alice: World) -> None:
    stream = alice.person.events(alice.workspace_id)
    assert not [name for name in stream.response.headers if name.startswith("grip-")]
    stream.close()
