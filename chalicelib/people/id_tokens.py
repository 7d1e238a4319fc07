"""Verifying ID tokens: the one place that decides whether a provider vouches for somebody.

The signature is checked first, with the one algorithm that every OpenID provider has to offer, and with that key of
the provider which the token names. Then every claim that is needed has to be there, of its type, and right:
OpenID Connect Core 3.1.3.7, and an e-mail address that the provider has verified.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chalicelib.kernel import clock
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.emails import is_email

Jwk = dict[str, object]
# Clocks differ: a token may be this much older or younger than it says, and no more than so old when it comes.
SKEW_SECONDS = 60
OLDEST_SECONDS = 600
_ALGORITHMS = ["RS256"]
_LONGEST = 16 * 1024
_LONGEST_SUBJECT = 255


class Unverified(Exception):
    """The token proves nothing; the message says why, for the log."""


class EmailUnverified(Unverified):
    """It proves who somebody is, and not that the address is theirs."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """Without a default: required. `hd` is the organisation that manages an account at Google."""

    iss: str
    aud: str | list[str]
    sub: str
    exp: int | float
    iat: int | float
    nonce: str
    email: str
    email_verified: bool
    azp: str | None = None
    nbf: int | float | None = None
    name: str | None = None
    picture: str | None = None
    hd: str | None = None


def verify(token: str, key_of: Callable[[str], Jwk | None], *, issuer: str, client_id: str, nonce: str) -> Claims:
    """What `token` says, which `issuer` made for `client_id` and this very `nonce`; raises `Unverified`."""
    claims = _decoded(_verified(token, key_of))
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    now = clock.now().timestamp()
    wrong = {
        "iss": claims.iss != issuer,
        "aud": client_id not in audiences,
        "azp": (claims.azp is not None or len(audiences) > 1) and claims.azp != client_id,
        "sub": not 1 <= len(claims.sub) <= _LONGEST_SUBJECT or not claims.sub.isascii(),
        "exp": claims.exp <= now - SKEW_SECONDS,
        "iat": not now - OLDEST_SECONDS - SKEW_SECONDS <= claims.iat <= now + SKEW_SECONDS,
        "nbf": claims.nbf is not None and claims.nbf > now + SKEW_SECONDS,
        "nonce": claims.nonce != nonce,
        "email": not is_email(claims.email),
    }
    if any(wrong.values()):
        raise Unverified(f"wrong {', '.join(claim for claim, is_wrong in wrong.items() if is_wrong)}")
    if not claims.email_verified:
        raise EmailUnverified("the provider has not verified the e-mail address")
    return claims


def _verified(token: str, key_of: Callable[[str], Jwk | None]) -> bytes:
    """The payload, once its signature is known to be the provider's."""
    from jose import JOSEError, jws

    if len(token) > _LONGEST:
        raise Unverified("it is too long")
    try:
        header = jws.get_unverified_header(token)
        if header.get("alg") not in _ALGORITHMS or "crit" in header or not isinstance(header.get("kid"), str):
            raise Unverified("its header names another algorithm, an extension, or no key")
        key = key_of(header["kid"])
        if key is None or key.get("kty") != "RSA" or key.get("use", "sig") != "sig":
            raise Unverified("the provider has no such key for signatures")
        payload: bytes = jws.verify(token, key, algorithms=["RS256"])
    except (JOSEError, ValueError, TypeError) as error:  # of a key that is none, the libraries below raise anything
        raise Unverified(f"its signature is not valid: {error}") from error
    return payload


def _decoded(payload: bytes) -> Claims:
    try:
        return decode(payload, Claims)
    except msgspec.DecodeError as error:
        raise Unverified(f"a claim is missing or malformed: {error}") from error
