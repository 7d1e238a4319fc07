"""A device: a browser of a person who wants to be notified there.

It belongs to the person and to the session it was made in. It is alive as long as that session is, and as long as the
browser has not given its endpoint to somebody else (two people who share one browser, one after the other).

    person#<id> / push#<device id>    the device
    push#<sha-256 of its endpoint>    whose device the endpoint is now
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated

import msgspec

from chalicelib.kernel.store import Key

PREFIX = "push#"
MOST_DEVICES = 20
LONGEST_ENDPOINT = 2048


class Device(msgspec.Struct, kw_only=True):
    """`current`: it is the caller's own browser, or was registered in the same session."""

    id: str
    name: str
    created_at: datetime
    current: bool


class StoredDevice(msgspec.Struct, frozen=True, kw_only=True):
    """`p256dh` and `auth` are the browser's, base64url without padding: what is sent is encrypted for them."""

    id: str
    person_id: str
    session_id: str
    name: str
    endpoint: str
    p256dh: str
    auth: str
    created_at: datetime


class EndpointRoute(msgspec.Struct, frozen=True):
    device_id: str


class Keys(msgspec.Struct, forbid_unknown_fields=True):
    p256dh: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    auth: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]


class NewDevice(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a browser says of its push subscription, and what the person calls it."""

    endpoint: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ENDPOINT)]
    keys: Keys
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


def device_key(person_id: str, device_id: str) -> Key:
    return f"person#{person_id}", f"{PREFIX}{device_id}"


def endpoint_key(endpoint: str) -> Key:
    return f"push#{hashlib.sha256(endpoint.encode()).hexdigest()}", "route"
