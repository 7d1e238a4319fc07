"""What a relay gets for the stream over all workspaces of a person: bounded pages, small headers, honest ends."""

from __future__ import annotations

import re

import httpx
import pytest

from chalicelib.kernel import clock, grip, links
from chalicelib.kernel.events import MOST_PER_PAGE
from chalicelib.kernel.http import Reply, convert
from chalicelib.kernel.scope import for_session
from chalicelib.kernel.settings import settings
from chalicelib.wiring.maintenance import run_due_work
from chalicelib.workspaces import person_stream, rules
from chalicelib.workspaces.person_stream import KIND, LONGEST_AFTER, MOST_HELD, MOST_NAMED
from tests.support.clients import Person
from tests.support.scopes import emit_events, of_person

Frames = list[tuple[str, str, int]]
# What API Gateway takes: the request line and all header values together.
MOST_HEADER_BYTES = 10_240


def followed(person: Person, cursors: dict[str, int]) -> Reply:
    return person_stream.follow(person.session, links.link_for_person(person.session, KIND, cursors))


def frames(reply: Reply) -> Frames:
    """The type, workspace and number of each frame."""
    found = re.findall(r'event: (\S+)\ndata: .*?"workspace_id":"(\w+)".*\n\n', str(reply.body))
    numbers = re.findall(r"^id: (\d+)$", str(reply.body), re.MULTILINE)
    return [(type, ws, int(seq)) for (type, ws), seq in zip(found, numbers, strict=True)]


def held(reply: Reply) -> dict[str, str | None]:
    """The channels of a hold, and where each stands."""
    parts = (part.partition("; prev-id=") for part in reply.headers["Grip-Channel"].split(", "))
    return {name: last or None for name, _, last in parts}


def make_workspaces(person: Person, number: int) -> list[str]:
    made = (rules.create(person.session, rules.NewWorkspace(name=f"number {n}"), None) for n in range(number))
    return [workspace.id for workspace in made]


def delete(person: Person, workspace_id: str) -> None:
    scope = for_session(person.session.id, person.id, workspace_id)
    rules.delete(scope, rules.Confirmation(scope.head.name))


def test_a_relay_listens_to_every_workspace_and_to_what_ends_or_changes_the_stream(person: Person) -> None:
    one, two = make_workspaces(person, 2)
    emit_events(of_person(person, two), 4)
    reply = followed(person, {one: 1, two: 5})
    assert (reply.status, reply.body) == (200, "")
    assert reply.headers["Grip-Hold"] == "stream"
    channels = {f"ws-{one}": "1", f"ws-{two}": "5"}
    assert held(reply) == channels | {f"ses-{person.session.id}": None, f"person-{person.id}": None}
    assert f"rel=next; timeout={settings().stream_recheck}" in reply.headers["Grip-Link"]


def test_a_page_is_bounded_over_all_workspaces_together(person: Person) -> None:
    ids = make_workspaces(person, 3)
    for workspace_id in ids:
        emit_events(of_person(person, workspace_id), MOST_PER_PAGE - 50)
    cursors, pages = dict.fromkeys(ids, 1), [Reply(200)]
    got: Frames = []
    while "Grip-Hold" not in pages[-1].headers:
        pages.append(followed(person, cursors))
        assert len(frames(pages[-1])) <= MOST_PER_PAGE
        got += frames(pages[-1])
        cursors |= {ws: seq for _, ws, seq in frames(pages[-1])}
    assert len(pages) == 1 + 3
    for workspace_id in ids:
        assert [seq for _, ws, seq in got if ws == workspace_id] == list(range(2, MOST_PER_PAGE - 48))


def test_a_page_that_ends_with_a_workspace_goes_on_with_the_next(person: Person) -> None:
    first, second = make_workspaces(person, 2)
    for workspace_id in (first, second):
        emit_events(of_person(person, workspace_id), MOST_PER_PAGE)
    page = followed(person, {first: 1, second: 1})
    assert "Grip-Hold" not in page.headers
    assert len({ws for _, ws, _ in frames(page)}) == 1
    behind = ({first, second} - {ws for _, ws, _ in frames(page)}).pop()
    rest = followed(person, {first: MOST_PER_PAGE + 1, second: MOST_PER_PAGE + 1} | {behind: 1})
    assert [ws for _, ws, _ in frames(rest)] == [behind] * MOST_PER_PAGE
    assert "Grip-Hold" in rest.headers


@pytest.mark.parametrize("behind", [0, 1, 2])
def test_of_a_deleted_workspace_a_stream_says_what_is_left_to_say(person: Person, behind: int) -> None:
    gone, other = make_workspaces(person, 2)
    emit_events(of_person(person, gone), 1)
    delete(person, gone)
    reply = followed(person, {gone: 3 - behind, other: 1})
    assert frames(reply) == [[], [("workspace.deleted", gone, 3)], [("reset", gone, 0)]][behind]
    assert f"ws-{gone}" not in held(reply)
    assert held(reply)[f"ws-{other}"] == "1"


def test_of_a_purged_workspace_a_stream_says_that_it_is_to_be_loaded_anew(person: Person) -> None:
    (gone,) = make_workspaces(person, 1)
    delete(person, gone)
    with clock.moved(60):
        while run_due_work()["items purged"]:
            pass
    assert frames(followed(person, {gone: 2})) == [("reset", gone, 0)]


def test_as_many_workspaces_are_followed_as_headers_carry_those_that_changed_last(person: Person) -> None:
    ids = make_workspaces(person, MOST_HELD + 2)
    emit_events(of_person(person, ids[0]), 1)
    channels = held(followed(person, {}))
    assert len(channels) == MOST_HELD + 2 <= grip.MOST_CHANNELS
    assert {ws for ws in ids if f"ws-{ws}" not in channels} == {ids[1], ids[2]}


def test_a_workspace_that_is_not_followed_joins_when_it_changes(person: Person) -> None:
    ids = make_workspaces(person, MOST_HELD + 1)
    cursors = dict.fromkeys(ids[1:], 1)
    assert frames(followed(person, cursors)) == []
    emit_events(of_person(person, ids[0]), 1)
    reply = followed(person, cursors)
    assert frames(reply) == [("reset", ids[0], 2)]
    assert held(reply)[f"ws-{ids[0]}"] == "2"
    assert f"ws-{ids[1]}" not in held(reply)


def test_of_a_workspace_that_is_named_and_not_followed_a_client_learns_that_it_changed(person: Person) -> None:
    ids = make_workspaces(person, MOST_HELD + 2)
    for workspace_id in ids[1:]:
        emit_events(of_person(person, workspace_id), 1)
    told = frames(followed(person, dict.fromkeys(ids, 1)))
    assert ("reset", ids[1], 2) in told
    assert not [frame for frame in told if frame[1] == ids[0]]
    assert len(told) == MOST_HELD + 1


def test_the_headers_of_the_largest_stream_are_small_enough_for_any_gateway(person: Person) -> None:
    ids = make_workspaces(person, MOST_HELD)
    far = dict.fromkeys(ids, 10**9 - 1)
    headers = followed(person, dict.fromkeys(ids, 1)).headers
    channels = headers["Grip-Channel"].replace("prev-id=1", f"prev-id={10**9 - 1}")
    path = links.address(links.link_for_person(person.session, KIND, far))
    sent = [f"ws-{ws}; last-id={seq}" for ws, seq in far.items()]
    # Names of headers do not count there; they are counted here, and so is what comes with any request.
    usual = 1_000
    assert len(channels) + len(path) + usual < MOST_HEADER_BYTES
    assert len(path) + sum(len("Grip-Last: \r\n") + len(one) for one in sent) + usual < MOST_HEADER_BYTES
    link = httpx.URL(path).params["link"]
    assert convert({"link": link}, links.Followed).link == link


BAD = {
    "1": "is a list like",
    "0SvZyeiS0Mk": "is a list like",
    "0SvZyeiS0Mk:": "is a list like",
    "0SvZyeiS0Mk:-1": "is a list like",
    "0SvZyeiS0Mk:1.0": "is a list like",
    "0SvZyeiS0Mk:１": "is a list like",
    "0SvZyeiS0M:1": "is a list like",
    "0SvZyeiS0Mk:1,": "is a list like",
    ",": "is a list like",
    "0SvZyeiS0Mk:1 ,0SvZyeiS0Ml:1": "is a list like",
    "0SvZyeiS0Mk:1;0SvZyeiS0Ml:1": "is a list like",
    "../../etc/pw:1": "is a list like",
    f"0SvZyeiS0Mk:{10**15}": "is a list like",
    "0SvZyeiS0Mk:1,0SvZyeiS0Mk:2": "names a workspace twice",
    ",".join(f"0SvZyei{n:04}:1" for n in range(MOST_NAMED + 1)): f"names {MOST_NAMED + 1} workspaces",
    "x" * (LONGEST_AFTER + 1): "length <=",
}


@pytest.mark.parametrize("after", BAD, ids=lambda after: after[:20])
def test_an_after_that_is_none_is_refused_with_what_it_should_be(person: Person, after: str) -> None:
    answer = person.http.get("/api/events", params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    (error,) = answer.json()["errors"]
    assert error["path"] == "after"
    assert BAD[after] in error["message"]
