"""Signing in and out. A session is stored, so ending it takes effect at the next request of any browser."""

from __future__ import annotations

import ipaddress

import msgspec

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import S, Session
from chalicelib.kernel.errors import Forbidden, NotFound
from chalicelib.kernel.ids import new_id, random_base62
from chalicelib.kernel.settings import settings
from chalicelib.kernel.store import Key
from chalicelib.people.model import SOMEBODY, Identity, Person, Somebody, identity_key, person_key
from chalicelib.push import rules as push

LOCAL_OWNER = ("local", "owner")


def providers() -> list[str]:
    offered = {"google": bool(settings().oidc_client_id), "local": settings().local_sign_in}
    return [provider for provider, is_offered in offered.items() if is_offered]


def sign_in_locally(address: str) -> tuple[Person, Session]:
    """One-machine mode: the single owner, without a password, from this machine only."""
    if not settings().local_sign_in:
        raise NotFound()
    if not _is_loopback(address):
        raise Forbidden("Local sign-in works only in a browser on the machine that runs Handrail.")
    person = local_owner()
    return person, open_session(person)


def local_owner() -> Person:
    return known_as(*LOCAL_OWNER, email="owner@localhost", name="Owner")


def sign_out(session: Session) -> None:
    """The stream function hears of it and ends the session's event streams."""
    directory.remove(directory.session_key(session.id))
    push.end_with(session)


def person_of(session: Session) -> Person:
    person = directory.read(person_key(session.person_id), Person)
    if person is None:
        raise NotFound()
    return person


def known_as(issuer: str, subject: str, *, email: str, name: str, picture: str = "") -> Person:
    """The person whom the identity provider `issuer` calls `subject`; made at their first sign-in.

    What else it says of them is as of now.
    """
    key = identity_key(issuer, subject)
    identity = directory.read(key, Identity) or _first(key, Identity(new_id()))
    said = Person(id=identity.person_id, email=email, name=name, picture=picture, created_at=clock.now())
    known = directory.read(person_key(said.id), Person) or _new(said)
    current = msgspec.structs.replace(said, created_at=known.created_at)
    if current != known:
        directory.write(person_key(current.id), current)
    return current


def _new(person: Person) -> Person:
    directory.write_once(SOMEBODY, Somebody())
    return _first(person_key(person.id), person)


def _first(key: Key, value: S) -> S:
    """`value`, written; or what somebody else wrote in between."""
    if directory.write_once(key, value):
        return value
    return directory.read(key, type(value)) or value


def open_session(person: Person) -> Session:
    session = Session(
        id=random_base62(22),
        person_id=person.id,
        name=person.name,
        email=person.email,
        created_at=clock.now(),
        expires_at=clock.after(settings().session_lifetime),
    )
    directory.write(directory.session_key(session.id), session, session.expires_at)
    return session


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
