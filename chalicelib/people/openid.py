"""Signing in through an OpenID Connect provider: the code flow, with PKCE, in one browser and once.

begin(next) ──► cookie: what was begun, signed ──► the provider ──► finish(cookie, what came back)
    1. the state that came back is the one in this browser's cookie, and was never used before
    2. the provider gives an ID token for the code and the verifier, which never left this server and this browser
    3. the token is verified, and names the nonce of the cookie
    4. whoever it names may sign in here
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

import msgspec

from chalicelib.kernel import clock, cookies, directory
from chalicelib.kernel.directory import Session
from chalicelib.kernel.settings import MINUTE, settings
from chalicelib.kernel.signing import sign, verify
from chalicelib.kernel.text import harmless
from chalicelib.people import admission, id_tokens, rules
from chalicelib.people.fetching import Unreachable
from chalicelib.people.id_tokens import Claims, EmailUnverified, Unverified
from chalicelib.people.local_paths import local_path
from chalicelib.people.model import Person
from chalicelib.people.provider import Metadata, Refused, provider

CALLBACK = "/auth/google/callback"
LIFETIME = 10 * MINUTE
_PURPOSE = "openid-attempt"
_LONGEST_CODE = 4096
log = logging.getLogger("handrail.sign_in")

Failure = Literal[
    "not_offered",
    "stale",
    "denied",
    "unreachable",
    "refused",
    "email_unverified",
    "not_allowed",
    "nobody_yet",
    "failed",
]


class SignInFailed(Exception):
    """`code` is what the dashboard words; `next` is where the person wanted to go."""

    def __init__(self, code: Failure, next: str = "/") -> None:
        super().__init__(code)
        self.code, self.next = code, next


class Attempt(msgspec.Struct, frozen=True):
    """What one browser began."""

    state: str
    nonce: str
    verifier: str
    next: str
    expires: int


class Used(msgspec.Struct, frozen=True):
    """Mark of a state that came back."""


@dataclass(frozen=True)
class Returned:
    """What the provider sends back with the browser."""

    state: str = ""
    code: str = ""
    error: str = ""
    iss: str = ""


def cookie_name() -> str:
    return "__Host-handrail_sign_in" if settings().secure else "handrail_sign_in"


def forget() -> str:
    """The `Set-Cookie` value that ends an attempt."""
    return cookies.attributes(cookie_name(), "", 0)


def begin(wanted: str) -> tuple[str, str]:
    """(where to send the browser, the `Set-Cookie` value that it has to bring back)."""
    next = local_path(wanted)
    if "google" not in rules.providers():
        raise SignInFailed("not_offered", next)
    metadata = _metadata(next)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    attempt = Attempt(state, nonce, verifier, next, clock.epoch(clock.after(LIFETIME)))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": settings().oidc_client_id,
        "redirect_uri": _redirect_uri(),
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if metadata.offers_accounts:
        query["prompt"] = "select_account"
    separator = "&" if "?" in metadata.authorization_endpoint else "?"
    cookie = cookies.attributes(cookie_name(), sign(_PURPOSE, attempt), LIFETIME)
    return f"{metadata.authorization_endpoint}{separator}{urlencode(query)}", cookie


def finish(cookie_header: str, returned: Returned) -> tuple[Person, Session, str]:
    """(who signed in, their new session, where they wanted to go)."""
    attempt = _attempt(cookie_header, returned.state)
    if returned.error:
        log.info("sign-in refused by the provider", extra={"fields": {"error": harmless(returned.error, 100)}})
        raise SignInFailed("denied" if returned.error == "access_denied" else "refused", attempt.next)
    try:
        claims = _claims(attempt, returned)
    except Unreachable as error:
        log.warning("the identity provider cannot be reached", extra={"fields": {"why": str(error)}})
        raise SignInFailed("unreachable", attempt.next) from error
    except EmailUnverified as error:
        raise SignInFailed("email_unverified", attempt.next) from error
    except (Refused, Unverified) as error:
        log.warning("sign-in not verified", extra={"fields": {"why": str(error)}})
        raise SignInFailed("refused", attempt.next) from error
    if not admission.is_admitted(claims):
        log.info("not admitted", extra={"fields": {"issuer": claims.iss, "subject": claims.sub}})
        is_open = admission.is_anybody_here() or settings().sign_in_allowed
        raise SignInFailed("not_allowed" if is_open else "nobody_yet", attempt.next)
    person = _person(claims)
    return person, rules.open_session(person), attempt.next


def _attempt(cookie_header: str, state: str) -> Attempt:
    """What this browser began, if `state` is its answer and the first one."""
    cookie = cookies.value_of(cookie_header, cookie_name())
    attempt = verify(_PURPOSE, cookie, Attempt) if cookie else None
    if attempt is None or attempt.expires <= clock.epoch(clock.now()):
        raise SignInFailed("stale")
    if not hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "replace")):
        raise SignInFailed("stale", attempt.next)
    used = f"sign_in#{hashlib.sha256(state.encode()).hexdigest()}", "used"
    if not directory.write_once(used, Used(), clock.after(LIFETIME)):
        raise SignInFailed("stale", attempt.next)
    return attempt


def _claims(attempt: Attempt, returned: Returned) -> Claims:
    metadata = provider().metadata()
    if not returned.code or len(returned.code) > _LONGEST_CODE:
        raise Refused("it sent no code")
    if returned.iss and returned.iss != metadata.issuer:
        raise Refused("the answer came from another issuer")
    token = provider().exchange(returned.code, attempt.verifier, _redirect_uri())
    return id_tokens.verify(
        token,
        provider().key,
        issuer=metadata.issuer,
        client_id=settings().oidc_client_id,
        nonce=attempt.nonce,
    )


def _person(claims: Claims) -> Person:
    name = harmless(claims.name, 100) or claims.email.partition("@")[0]
    picture = claims.picture if claims.picture and claims.picture.startswith("https://") else ""
    return rules.known_as(claims.iss, claims.sub, email=claims.email, name=name, picture=picture[:500])


def _metadata(next: str) -> Metadata:
    try:
        return provider().metadata()
    except (Unreachable, Refused) as error:
        log.warning("the identity provider cannot be reached", extra={"fields": {"why": str(error)}})
        raise SignInFailed("unreachable", next) from error


def _redirect_uri() -> str:
    return settings().address + CALLBACK
