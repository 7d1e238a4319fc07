"""Who is charged for a request: the token or the person that it comes from, before anything is read for it.

A request without a credential, and one whose credential turns out to be dead, is charged to its address. So nobody's
mistakes at an address that many share stop those who are signed in there. What a relay asks for a stream that it
holds comes from the relay's address and is charged to the credential of that stream, apart from its other calls.
"""

from __future__ import annotations

import hmac
import ipaddress

from chalice.app import Request

from chalicelib.kernel import bearer
from chalicelib.kernel.rates import Rate, limiter
from chalicelib.kernel.settings import settings

SECRET_HEADER = "x-handrail-origin-secret"


def charge_token(token: str) -> None:
    """A malformed one is not anybody's."""
    if bearer.is_token(token):
        limiter().take("token", bearer.digest(token), Rate(settings().token_rate, settings().token_burst))


def charge_person(person_id: str) -> None:
    limiter().take("person", person_id, Rate(settings().person_rate, settings().person_burst))


def charge_stream(credential: str) -> None:
    limiter().take("stream", credential, Rate(settings().stream_rate, settings().stream_burst))


def charge_address(request: Request) -> None:
    rate = Rate(settings().address_rate, settings().address_burst)
    limiter().take("address", neighbourhood(address_of(request)), rate)


def address_of(request: Request) -> str:
    """Where a request comes from. A client can send any header: one is believed only beside the secret that our CDN
    adds, which no client knows."""
    header, sent = settings().client_address_header, request.headers.get(SECRET_HEADER) or ""
    if header and any(hmac.compare_digest(sent.encode(), secret.encode()) for secret in settings().origin_secrets):
        return _without_port(request.headers.get(header) or "")
    address: str = request.context.get("identity", {}).get("sourceIp", "")
    return address


def neighbourhood(address: str) -> str:
    """An IPv4 address; of IPv6 the /64, as who has one address there has them all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _without_port(text: str) -> str:
    """CloudFront writes `198.51.100.10:46532`, and IPv6 in the same way, with or without brackets."""
    host, _, port = text.strip().rpartition(":")
    return host.strip("[]") if port.isdigit() and host else text.strip()
