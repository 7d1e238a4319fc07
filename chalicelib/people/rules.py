"""Signing in and out. A session is stored, so ending it takes effect at the next request of any browser."""

from __future__ import annotations

import ipaddress

from chalicelib.kernel import clock, directory, grip
from chalicelib.kernel.directory import Session
from chalicelib.kernel.errors import Forbidden, NotFound
from chalicelib.kernel.ids import new_id, random_base62
from chalicelib.kernel.settings import settings
from chalicelib.people.model import Identity, Person, identity_key, person_key

LOCAL_OWNER = identity_key("local", "owner")


def providers() -> list[str]:
    return ["local"] if settings().local_sign_in else []


def sign_in_locally(address: str) -> tuple[Person, Session]:
    """One-machine mode: the single owner, without a password, from this machine only."""
    if not settings().local_sign_in:
        raise NotFound()
    if not _is_loopback(address):
        raise Forbidden("Local sign-in works only in a browser on the machine that runs Handrail.")
    person = _local_owner()
    return person, _open_session(person)


def sign_out(session: Session) -> None:
    directory.remove(directory.session_key(session.id))
    grip.publish([grip.close(f"ses-{session.id}")])


def person_of(session: Session) -> Person:
    person = directory.read(person_key(session.person_id), Person)
    if person is None:
        raise NotFound()
    return person


def _local_owner() -> Person:
    candidate = Identity(new_id())
    if not directory.write_once(LOCAL_OWNER, candidate):
        candidate = directory.read(LOCAL_OWNER, Identity) or candidate
    owner = Person(id=candidate.person_id, email="owner@localhost", name="Owner", created_at=clock.now())
    if directory.write_once(person_key(owner.id), owner):
        return owner
    return directory.read(person_key(owner.id), Person) or owner


def _open_session(person: Person) -> Session:
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
