"""HTTP: which ways of signing in there are, the session, and signing out."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlencode

import msgspec

from chalicelib.kernel import cookies
from chalicelib.kernel.entity import public
from chalicelib.kernel.http import Call, Nothing, Reply, Routes
from chalicelib.kernel.settings import settings
from chalicelib.people import openid, rules
from chalicelib.people.model import Person
from chalicelib.people.openid import SignInFailed

routes = Routes()
LOOPBACK_NAMES = {"localhost", "127.0.0.1", "[::1]"}
log = logging.getLogger("handrail.sign_in")
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Providers(msgspec.Struct):
    """`names`: what people call those that are not this machine itself."""

    providers: list[str]
    names: dict[str, str]


class Wanted(msgspec.Struct):
    """`next`: the page of the dashboard to come back to."""

    next: str = "/"


class Returned(msgspec.Struct):
    """What the provider sends; it may send more."""

    state: str = ""
    code: str = ""
    error: str = ""
    iss: str = ""


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
    offered = rules.providers()
    return Providers(offered, {"google": settings().oidc_name} if "google" in offered else {})


@routes.route("GET", "/auth/google/login", access="public", query=Wanted, status=303)
def begin_sign_in(call: Call[Nothing, Wanted]) -> Reply:
    """Go to the identity provider. What goes wrong is told on the dashboard's own page."""
    try:
        address, cookie = openid.begin(call.query.next)
    except SignInFailed as failed:
        return _turned_away(failed)
    return Reply(303, "", {"Location": address}, (cookie,))


@routes.route("GET", openid.CALLBACK, access="public", query=Returned, status=303)
def finish_sign_in(call: Call[Nothing, Returned]) -> Reply:
    """Come back from the identity provider, signed in or with the reason why not."""
    returned = openid.Returned(**msgspec.structs.asdict(call.query))
    try:
        person, session, next = openid.finish(call.header("cookie") or "", returned)
    except SignInFailed as failed:
        return _turned_away(failed)
    except Exception:
        log.exception("sign-in failed")
        return _turned_away(SignInFailed("failed"))
    cookie = cookies.issue(session.id, person.id, session.expires_at)
    return Reply(303, "", {"Location": next}, (cookie, openid.forget()))


def _turned_away(failed: SignInFailed) -> Reply:
    query = urlencode({"problem": failed.code, "next": failed.next})
    return Reply(303, "", {"Location": f"/signin?{query}"}, (openid.forget(),))


@routes.route("POST", "/auth/local/session", access="public", answer=SignedIn, status=201)
def sign_in_locally(call: Call[Nothing, Nothing]) -> Reply:
    """Sign in the single owner, on the machine itself."""
    person, session = rules.sign_in_locally(_address(call))
    cookie = cookies.issue(session.id, person.id, session.expires_at)
    return Reply(201, _signed_in(person), cookies=(cookie,))


@routes.route("GET", "/auth/session", access="session", answer=SignedIn)
def session(call: Call[Nothing, Nothing]) -> SignedIn:
    """Who is signed in."""
    return _signed_in(rules.person_of(call.session))


@routes.route("DELETE", "/auth/session", access="session", status=204)
def sign_out(call: Call[Nothing, Nothing]) -> Reply:
    """End the session, here and in every tab that uses it."""
    rules.sign_out(call.session)
    return Reply(204, cookies=(cookies.clear(),))


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
