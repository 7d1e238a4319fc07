"""When workspaces come and go for people, their streams look which ones they have now.

A stream of one workspace, held for somebody who was removed from it, ends.
"""

from __future__ import annotations

from chalicelib.kernel import grip
from chalicelib.kernel.events import Event
from chalicelib.kernel.listening import Listeners
from chalicelib.kernel.scope import for_system
from chalicelib.members.rules import people_of

listeners = Listeners()


@listeners.on("workspace.created")
def hint_who_made_it(event: Event) -> list[grip.Item]:
    return [grip.hint(f"person-{event.actor.id}")]


@listeners.on("workspace.deleted")
def hint_everybody(event: Event) -> list[grip.Item]:
    scope = for_system(event.workspace_id, deleted=True)
    people = people_of(scope) if scope is not None else []
    return [grip.hint(f"person-{person}") for person in dict.fromkeys([event.actor.id, *people])]


@listeners.on("member.joined")
def hint_who_joined(event: Event) -> list[grip.Item]:
    return [grip.hint(f"person-{_person(event)}")]


@listeners.on("member.removed")
def shut_out(event: Event) -> list[grip.Item]:
    person = _person(event)
    return [grip.hint(f"person-{person}"), grip.close(f"member-{event.workspace_id}-{person}")]


def _person(event: Event) -> str:
    return str((event.entity("member") or {})["person_id"])
