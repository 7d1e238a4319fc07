"""What the stream function serves: every event, to the relay and to whoever listens."""

from __future__ import annotations

from chalicelib.kernel.listening import Listeners
from chalicelib.members import listeners as member_listeners
from chalicelib.permissions import listeners as permission_listeners
from chalicelib.tasks import listeners as task_listeners
from chalicelib.tokens import listeners as token_listeners

listeners = Listeners()
for _feature in (member_listeners, task_listeners, permission_listeners, token_listeners):
    listeners.add(_feature.listeners)
