import asyncio
from urllib.parse import urlsplit

from chalicelib.kernel import grip, links, scope
from chalicelib.onebox.program import Program
from chalicelib.onebox.relay.origin import Origin
from chalicelib.workspaces import stream
from tests.support.clients import Person


def follow(program: Program, person: Person, workspace_id: str, after: int, last: str | None) -> str:
    """What a relay gets that follows the link of a dashboard's stream, having sent `last` in the meantime."""
    who = scope.for_session(person.session.id, person.id, workspace_id)
    link = links.address(links.link_for(who, stream.KIND, after))
    positions = {f"ws-{workspace_id}": last} if last is not None else {}
    instruct, body = asyncio.run(Origin(program.gateway, None).fetch(link, b"127.0.0.1", positions))
    assert instruct is not None
    return body.decode()


def test_a_link_gives_what_came_after_it_was_made(program: Program, person: Person, workspace_id: str) -> None:
    person.create_task(workspace_id)
    assert "event: task.created" in follow(program, person, workspace_id, after=1, last=None)


def test_what_the_relay_has_sent_since_the_link_was_made_is_not_sent_again(
    program: Program, person: Person, workspace_id: str
) -> None:
    person.create_task(workspace_id)
    seq = person.ask("GET", f"/api/workspaces/{workspace_id}")["seq"]
    person.create_task(workspace_id)
    page = follow(program, person, workspace_id, after=1, last=str(seq))
    assert f"id: {seq}\n" not in page
    assert f"id: {seq + 1}\n" in page
    assert follow(program, person, workspace_id, after=1, last=str(seq + 1)) == ""


def test_a_relay_that_says_nonsense_gets_everything_since_the_link() -> None:
    for nonsense in ("ws-a; last-id=-7", "ws-a; last-id", "ws-a; last-id=", f"ws-a; last-id={'9' * 16}", "ws-a", ""):
        assert grip.last_sent([nonsense]) == {}


def test_a_relay_says_of_several_channels_how_far_it_is_in_one_header_or_in_many() -> None:
    expected = {"ws-a": 7, "ws-b": 9}
    assert grip.last_sent(["ws-a; last-id=7, ws-b; last-id=9"]) == expected
    assert grip.last_sent(["ws-a; last-id=7", "ws-b; last-id=9"]) == expected


def test_no_two_links_have_one_path() -> None:
    link = links.Link(kind=stream.KIND, workspace_id="0SvZyeiS0Mk", after=1)
    assert len({urlsplit(links.address(link)).path for _ in range(1000)}) == 1000
