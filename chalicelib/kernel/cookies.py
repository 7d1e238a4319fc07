"""The session cookie: a signed JWT with its own audience, which proves nothing without the stored session behind it.

Every claim that is needed is required, and the algorithm is a literal, because python-jose accepts a token without
`aud` or `exp` unless told otherwise. An MCP token is not a JWT, so neither can stand in for the other.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.kernel import clock, signing
from chalicelib.kernel.errors import Unauthorized
from chalicelib.kernel.scope import SIGN_IN
from chalicelib.kernel.settings import settings

AUDIENCE = "handrail-session"
ISSUER = "handrail"
_REQUIRED = {f"require_{claim}": True for claim in ("aud", "iss", "sub", "iat", "exp", "jti")}
_LONGEST = 4096


def name() -> str:
    return "__Host-handrail_session" if settings().secure else "handrail_session"


def issue(session_id: str, person_id: str, expires_at: datetime) -> str:
    """The `Set-Cookie` value that signs a browser in."""
    from jose import jwt

    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": person_id,
        "jti": session_id,
        "iat": clock.epoch(clock.now()),
        "exp": clock.epoch(expires_at),
    }
    token = jwt.encode(claims, signing.valid_keys()[0], algorithm="HS256")
    return attributes(name(), token, clock.epoch(expires_at) - clock.epoch(clock.now()))


def clear() -> str:
    """The `Set-Cookie` value that makes a browser forget its session."""
    return attributes(name(), "", 0)


def read(header: str) -> tuple[str, str]:
    """(session id, person id) of a `Cookie` header; raises `Unauthorized` when there is no valid one."""
    from jose import JWTError, jwt

    token = value_of(header, name())
    if token is None or len(token) > _LONGEST:
        raise Unauthorized(SIGN_IN)
    for key in signing.valid_keys():
        try:
            claims = jwt.decode(token, key, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER, options=_REQUIRED)
        except JWTError:
            continue
        return str(claims["jti"]), str(claims["sub"])
    raise Unauthorized(SIGN_IN)


def value_of(header: str, wanted: str) -> str | None:
    """The cookie `wanted` among all others. Programs on other ports of this host share the header, and what they put
    there may be anything, such as JSON, at which `http.cookies` gives up the whole of it."""
    for part in header.split(";"):
        key, _, value = part.partition("=")
        if key.strip() == wanted:
            return value.strip()
    return None


def attributes(key: str, value: str, lifetime: int) -> str:
    """The `Set-Cookie` value of a cookie that no script and no request of another site but a link gets."""
    secure = "; Secure" if settings().secure else ""
    return f"{key}={value}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Lax{secure}"
