"""HTTP: which ways of signing in there are, the session, and signing out."""

from __future__ import annotations

import re

import msgspec

from chalicelib.kernel import cookies
from chalicelib.kernel.entity import public
from chalicelib.kernel.http import Call, Nothing, Reply, Routes
from chalicelib.people import rules
from chalicelib.people.model import Person

routes = Routes()
LOOPBACK_NAMES = {"localhost", "127.0.0.1", "[::1]"}
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Providers(msgspec.Struct):
    providers: list[str]


class PersonView(msgspec.Struct):
    id: str
    email: str
    name: str
    picture: str


class SignedIn(msgspec.Struct):
    person: PersonView


@routes.route("GET", "/auth/config", access="public", answer=Providers)
def config(call: Call[Nothing, Nothing]) -> Providers:
    """What this deployment offers for signing in."""
    return Providers(rules.providers())


@routes.route("POST", "/auth/local/session", access="public", answer=SignedIn, status=201)
def sign_in_locally(call: Call[Nothing, Nothing]) -> Reply:
    """Sign in the single owner, on the machine itself."""
    person, session = rules.sign_in_locally(_address(call))
    cookie = cookies.issue(session.id, person.id, session.expires_at)
    return Reply(201, _signed_in(person), {"Set-Cookie": cookie})


@routes.route("GET", "/auth/session", access="session", answer=SignedIn)
def session(call: Call[Nothing, Nothing]) -> SignedIn:
    """Who is signed in."""
    return _signed_in(rules.person_of(call.session))


@routes.route("DELETE", "/auth/session", access="session", status=204)
def sign_out(call: Call[Nothing, Nothing]) -> Reply:
    """End the session, here and in every tab that uses it."""
    rules.sign_out(call.session)
    return Reply(204, None, {"Set-Cookie": cookies.clear()})


def _signed_in(person: Person) -> SignedIn:
    return SignedIn(public(person, PersonView))


def _address(call: Call[Nothing, Nothing]) -> str:
    """Where the request began. A proxy on this machine has a loopback address too, whoever it passes on."""
    headers = call.request.headers
    name = re.sub(r":\d+$", "", headers.get("host") or "")
    if name not in LOOPBACK_NAMES or any(headers.get(forwarded) is not None for forwarded in FORWARDED):
        return ""
    address: str = call.request.context.get("identity", {}).get("sourceIp", "")
    return address
