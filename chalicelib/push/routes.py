"""HTTP: whether there is web push here, and on which devices the caller is notified."""

from __future__ import annotations

import msgspec

from chalicelib.kernel.http import Call, Nothing, Reply, Routes
from chalicelib.kernel.settings import settings
from chalicelib.push import rules
from chalicelib.push.model import Device, NewDevice
from chalicelib.push.sending import vapid

routes = Routes()
DEVICES = "/api/push/devices"


class Push(msgspec.Struct):
    """`public_key` is what a browser subscribes with; null: there is no web push here."""

    public_key: str | None
    devices: list[Device]


@routes.route("GET", "/api/push", access="session", answer=Push)
def push(call: Call[Nothing, Nothing]) -> Push:
    """What a browser needs to subscribe, and the caller's devices."""
    return Push(vapid.public_key() if settings().push_key else None, rules.devices(call.session))


@routes.route("POST", DEVICES, access="session", body=NewDevice, answer=Device, status=201)
def register(call: Call[NewDevice, Nothing]) -> Device:
    """Be notified on this device until the session ends."""
    return rules.register(call.session, call.body)


@routes.route("DELETE", DEVICES + "/{device_id}", access="session", status=204)
def remove(call: Call[Nothing, Nothing]) -> Reply:
    """Be notified there no longer."""
    rules.remove(call.session, call.path["device_id"])
    return Reply(204)
