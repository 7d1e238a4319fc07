"""A decision answers the calls that wait for it; a deleted task takes its open requests with it."""

from __future__ import annotations

from chalicelib.kernel import grip
from chalicelib.kernel.decoding import convert
from chalicelib.kernel.events import Event
from chalicelib.kernel.listening import Listeners
from chalicelib.permissions import rules
from chalicelib.permissions.model import Permission
from chalicelib.permissions.waits import channel

listeners = Listeners()


@listeners.on("permission.decided")
def answer_waiting_calls(event: Event) -> list[grip.Item]:
    permission = convert(event.entity("permission"), Permission)
    return [grip.hint(channel(event.workspace_id, permission.id), str(event.seq))]


@listeners.on("task.deleted")
def withdraw_requests(event: Event) -> None:
    rules.withdraw(event.workspace_id, str((event.entity("task") or {})["id"]))
