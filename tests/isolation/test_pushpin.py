"""Through a real Pushpin, too, what is held shows its own workspace only, however much happens at the same time."""

from __future__ import annotations

from chalicelib.onebox.program import Program
from tests.support.clients import EventStream, Person
from tests.support.relays import PUSHPIN, relayed

ROUNDS = 8


def test_streams_that_follow_their_links_at_the_same_time_get_their_own_page_each(program: Program) -> None:
    """Pushpin gives one answer to all that follow links of one path at a time, whatever their queries."""
    with relayed(program, PUSHPIN) as url:
        people = [Person(url, f"beside-{name}") for name in "abc"]
        spaces = [person.create_workspace()["id"] for person in people]
        streams = [person.agent(ws).initialize().stream() for person, ws in zip(people, spaces, strict=True)]
        for number in range(ROUNDS):
            for person, ws in zip(people, spaces, strict=True):
                person.create_task(ws, f"{number} of {ws}")
        for stream, ws in zip(streams, spaces, strict=True):
            stream.wait_for(lambda frame, ws=ws: f"{ROUNDS - 1} of {ws}" in frame.data)  # type: ignore[misc]  # bound early
            assert titles_in(stream, spaces) == {ws}


def titles_in(stream: EventStream, spaces: list[str]) -> set[str]:
    return {ws for ws in spaces if any(ws in frame.data for frame in list(stream.frames))}
