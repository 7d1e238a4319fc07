"""The devices of a person: made, listed, ended. See `model` for when one is alive."""

from __future__ import annotations

import base64
import binascii
from operator import attrgetter

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Session
from chalicelib.kernel.errors import Forbidden, NotFound, ValidationFailed
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.settings import settings
from chalicelib.kernel.store import batch_get
from chalicelib.kernel.text import line
from chalicelib.push import endpoints
from chalicelib.push.model import (
    MOST_DEVICES,
    PREFIX,
    Device,
    EndpointRoute,
    NewDevice,
    StoredDevice,
    device_key,
    endpoint_key,
)

NOT_SET_UP = "Web push is not set up here. Whoever runs this server can set HANDRAIL_PUSH_KEY."


def register(session: Session, new: NewDevice) -> Device:
    """A device of the calling session; of an endpoint that is known, the same device, renewed."""
    if not settings().push_key:
        raise Forbidden(NOT_SET_UP)
    name = line("name", new.name)
    endpoints.check(new.endpoint)
    p256dh, auth = _point("keys.p256dh", new.keys.p256dh), _bytes("keys.auth", new.keys.auth, 16)
    known = _stored(session.person_id)
    same = next((device for device in known if device.endpoint == new.endpoint), None)
    device = StoredDevice(
        id=same.id if same else new_id(),
        person_id=session.person_id,
        session_id=session.id,
        name=name,
        endpoint=new.endpoint,
        p256dh=p256dh,
        auth=auth,
        created_at=same.created_at if same else clock.now(),
    )
    others = sorted((one for one in known if one.id != device.id), key=attrgetter("created_at"))
    surplus = others[: max(0, len(others) + 1 - MOST_DEVICES)]
    directory.write_all(
        [
            directory.record(device_key(device.person_id, device.id), device, session.expires_at),
            directory.record(endpoint_key(device.endpoint), EndpointRoute(device.id), session.expires_at),
        ],
        [device_key(one.person_id, one.id) for one in surplus],
    )
    return _shown(device, session)


def devices(session: Session) -> list[Device]:
    """The caller's devices, the oldest first."""
    return [_shown(device, session) for device in sorted(alive(session.person_id), key=attrgetter("created_at"))]


def remove(session: Session, device_id: str) -> None:
    if not directory.remove_existing(device_key(session.person_id, device_id)):
        raise NotFound()


def alive(person_id: str) -> list[StoredDevice]:
    """Where a person is to be notified now."""
    known = _stored(person_id)
    if not known:
        return []
    keys = [directory.session_key(device.session_id) for device in known]
    _, found = batch_get([], [*keys, *(endpoint_key(device.endpoint) for device in known)])
    living = []
    for device in known:
        session = directory.value_of(found.get(directory.session_key(device.session_id)), Session)
        route = directory.value_of(found.get(endpoint_key(device.endpoint)), EndpointRoute)
        is_signed_in = session is not None and session.person_id == person_id and session.expires_at > clock.now()
        if is_signed_in and route is not None and route.device_id == device.id:
            living.append(device)
    return living


def end_with(session: Session) -> None:
    """The session is over: forget its devices. They are dead already, as no session stands behind them."""
    gone = [device for device in _stored(session.person_id) if device.session_id == session.id]
    if gone:
        directory.write_all([], [device_key(device.person_id, device.id) for device in gone])


def forget(device: StoredDevice) -> None:
    """Its push service says that it is gone."""
    directory.remove(device_key(device.person_id, device.id))


def _stored(person_id: str) -> list[StoredDevice]:
    return directory.beneath(f"person#{person_id}", PREFIX, StoredDevice)


def _shown(device: StoredDevice, session: Session) -> Device:
    current = device.session_id == session.id
    return Device(id=device.id, name=device.name, created_at=device.created_at, current=current)


def _bytes(path: str, text: str, length: int) -> str:
    """`text` in its one form, if it is base64url of `length` bytes."""
    bare = text.rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationFailed((path, "is not base64url")) from error
    if len(raw) != length:
        raise ValidationFailed((path, f"must be {length} bytes, as base64url"))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _point(path: str, text: str) -> str:
    """A public key: an uncompressed point that lies on P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec

    bare = _bytes(path, text, 65)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.urlsafe_b64decode(bare + "="))
    except ValueError as error:
        raise ValidationFailed((path, "is not a point on the curve P-256")) from error
    return bare
