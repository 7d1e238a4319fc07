"""When a token dies, or its workspace does, whatever is held for it ends."""

from __future__ import annotations

import msgspec

from chalicelib.kernel import grip
from chalicelib.kernel.errors import Unauthorized
from chalicelib.kernel.events import Event
from chalicelib.kernel.listening import Listeners
from chalicelib.kernel.scope import NEW_TOKEN

listeners = Listeners()


@listeners.on("token.revoked", "token.expired")
def shut_out(event: Event) -> list[grip.Item]:
    return [_refused(f"tok-{(event.entity('token') or {})['id']}")]


@listeners.on("token.rotated")
def shut_out_the_replaced(event: Event) -> list[grip.Item]:
    return [_refused(f"tok-{(event.entity('replaced') or {})['id']}")]


@listeners.on("workspace.deleted")
def shut_out_all(event: Event) -> list[grip.Item]:
    return [_refused(f"gone-{event.workspace_id}")]


def _refused(channel: str) -> grip.Item:
    body = msgspec.json.encode(Unauthorized(NEW_TOKEN).as_json()).decode()
    headers = {"Content-Type": "application/problem+json", "WWW-Authenticate": 'Bearer realm="handrail"'}
    return grip.refuse(channel, 401, body, headers)
