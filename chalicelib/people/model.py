"""A person: somebody who signs in."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.kernel.store import Key


class Person(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    email: str
    name: str
    picture: str = ""
    created_at: datetime


class Identity(msgspec.Struct, frozen=True):
    """Route from who an identity provider says somebody is to the person here."""

    person_id: str


class Somebody(msgspec.Struct, frozen=True):
    """Mark that anybody ever signed in here."""


SOMEBODY: Key = ("people", "somebody")


def person_key(person_id: str) -> Key:
    return f"person#{person_id}", "person"


def identity_key(issuer: str, subject: str) -> Key:
    return f"identity#{issuer}#{subject}", "identity"
