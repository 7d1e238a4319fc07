"""When a token dies, or its workspace does, whatever is held for it ends."""

from __future__ import annotations

from chalicelib.kernel import grip
from chalicelib.kernel.events import Event
from chalicelib.kernel.listening import Listeners

listeners = Listeners()


@listeners.on("token.revoked", "token.expired")
def shut_out(event: Event) -> list[grip.Item]:
    return [grip.close(f"tok-{(event.entity('token') or {})['id']}")]


@listeners.on("token.rotated")
def shut_out_the_replaced(event: Event) -> list[grip.Item]:
    return [grip.close(f"tok-{(event.entity('replaced') or {})['id']}")]


@listeners.on("workspace.deleted")
def shut_out_all(event: Event) -> list[grip.Item]:
    return [grip.close(f"gone-{event.workspace_id}")]
