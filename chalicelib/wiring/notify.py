"""What the notify function serves: a consumer of its own, so that no push service can hold up the frames."""

from __future__ import annotations

from chalicelib.push import listeners as push_listeners

notify = push_listeners.notify
