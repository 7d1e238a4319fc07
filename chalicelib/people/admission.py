"""Who may sign in through the identity provider: whom the operator allows, and whom a workspace invited.

An invitation opens the door while it is open, and a workspace that was joined by one for as long as it lasts: whoever
is removed from there and is not allowed otherwise stays outside.
"""

from __future__ import annotations

from chalicelib.kernel import directory, emails
from chalicelib.kernel.settings import settings
from chalicelib.people.id_tokens import Claims
from chalicelib.people.model import SOMEBODY, Identity, Somebody, identity_key
from chalicelib.people.provider import GOOGLE


def is_admitted(claims: Claims) -> bool:
    return is_allowed(claims) or is_invited(claims.email) or _is_guest(claims)


def is_allowed(claims: Claims) -> bool:
    """Whether the operator's list names the address, or its domain.

    Google verifies an address once; whether its owner still belongs to the domain, only `hd` tells.
    """
    email = emails.plain(claims.email)
    domain = email.rpartition("@")[2]
    allowed = {emails.plain(one) for one in settings().sign_in_allowed.split(",")} - {""}
    managed = claims.iss != GOOGLE or domain == "gmail.com" or (claims.hd or "").casefold() == domain
    return email in allowed or (domain in allowed and managed)


def is_invited(email: str) -> bool:
    return bool(directory.beneath(directory.invited_key(email, "")[0], "", directory.Invited))


def is_anybody_here() -> bool:
    return directory.read(SOMEBODY, Somebody) is not None


def _is_guest(claims: Claims) -> bool:
    """CROSS-WORKSPACE BY DESIGN: whether somebody was invited into any workspace at all; none of them is read."""
    identity = directory.read(identity_key(claims.iss, claims.sub), Identity)
    return identity is not None and any(one.invited for one in directory.memberships(identity.person_id))
