"""Which status may follow which. The same for people and agents, but for reopening: that is a person's."""

from __future__ import annotations

from chalicelib.kernel.errors import IllegalTransition
from chalicelib.tasks.model import Status

_NEXT: dict[Status, tuple[Status, ...]] = {
    "notstarted": ("ongoing", "completed", "rejected"),
    "ongoing": ("completed", "rejected", "blocked"),
    "blocked": ("ongoing", "completed", "rejected"),
    "completed": ("ongoing",),
    "rejected": ("ongoing",),
}
_CLOSED = {"completed", "rejected"}


def legal(status: Status, *, person: bool) -> tuple[Status, ...]:
    if status in _CLOSED and not person:
        return ()
    return _NEXT[status]


def check(current: Status, wanted: Status, *, person: bool) -> None:
    allowed = legal(current, person=person)
    if wanted in allowed:
        return
    if allowed:
        advice = f"From {current} it can become: {', '.join(allowed)}."
    else:
        advice = f"It is {current}; only a person can reopen it."
    raise IllegalTransition(f"It cannot become {wanted}. {advice}", legal=list(allowed))
