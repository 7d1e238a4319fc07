"""When a token dies, or its workspace, what is held for it ends. It dies with the membership of whoever made it."""

from __future__ import annotations

from chalicelib.kernel import grip
from chalicelib.kernel.events import Event
from chalicelib.kernel.listening import Listeners
from chalicelib.kernel.scope import for_system
from chalicelib.tokens import rules

listeners = Listeners()


@listeners.on("token.revoked", "token.expired")
def shut_out(event: Event) -> list[grip.Item]:
    return [grip.close(f"tok-{(event.entity('token') or {})['id']}")]


@listeners.on("token.rotated")
def shut_out_the_replaced(event: Event) -> list[grip.Item]:
    return [grip.close(f"tok-{(event.entity('replaced') or {})['id']}")]


@listeners.on("member.removed")
def end_those_they_made(event: Event) -> None:
    scope = for_system(event.workspace_id)
    if scope is not None:
        rules.revoke_made_by(scope, str((event.entity("member") or {})["person_id"]))


@listeners.on("workspace.deleted")
def shut_out_all(event: Event) -> list[grip.Item]:
    return [grip.close(f"gone-{event.workspace_id}")]
