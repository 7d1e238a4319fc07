"""Which addresses this server sends to. A browser names them, so only those of known push services are taken.

An endpoint is `https`, on the usual port, at a host that `push_hosts` names, and written in one way only: nothing
that two parsers could read as two hosts. It is checked when a device is made and again before anything is sent.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from chalicelib.kernel.errors import ValidationFailed
from chalicelib.kernel.settings import settings

# Lower case, no user, no port but the usual one; then visible ASCII without `"`, `#` and `\`.
_ENDPOINT = re.compile(r"https://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::443)?/[!$-\[\]-~]*")


def check(endpoint: str) -> None:
    """Raises `ValidationFailed` for what is not the address of a known push service."""
    if service_of(endpoint) is None:
        raise ValidationFailed(
            ("endpoint", "is not an https address of a push service that this server knows (HANDRAIL_PUSH_HOSTS)")
        )


def host_of(endpoint: str) -> str:
    return urlsplit(endpoint).hostname or ""


def service_of(endpoint: str) -> str | None:
    """The entry of `push_hosts` that `endpoint` belongs to; None: it must not be sent to."""
    found = _ENDPOINT.fullmatch(endpoint)
    if found is None or found.group(1) != host_of(endpoint):
        return None
    host = found.group(1)
    for service in (entry.strip() for entry in settings().push_hosts.split(",")):
        if service and (host.endswith(service) if service.startswith(".") else host == service):
            return service
    return None
