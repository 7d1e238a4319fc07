"""When a workspace comes or goes, the streams that span its person's workspaces look which those are now."""

from __future__ import annotations

from chalicelib.kernel import grip
from chalicelib.kernel.events import Event
from chalicelib.kernel.listening import Listeners

listeners = Listeners()


@listeners.on("workspace.created", "workspace.deleted")
def hint_the_person(event: Event) -> list[grip.Item]:
    return [grip.hint(f"person-{event.actor.id}")]
