"""Settings without limits on how often somebody may call: tests share one machine, and often one person, who makes
many workspaces."""

from __future__ import annotations

import msgspec

from chalicelib.kernel.settings import Settings

MOST_WORKSPACES = 100_000
UNLIMITED = {
    "token_rate": "0",
    "person_rate": "0",
    "address_rate": "0",
    "stream_rate": "0",
    "most_workspaces": str(MOST_WORKSPACES),
}


def unlimited(chosen: Settings) -> Settings:
    return msgspec.structs.replace(
        chosen, token_rate=0, person_rate=0, address_rate=0, stream_rate=0, most_workspaces=MOST_WORKSPACES
    )


def shared(chosen: Settings) -> Settings:
    """Somebody else can be invited only where they could sign in; nobody goes to this provider."""
    elsewhere = "http://127.0.0.1:9/.well-known/openid-configuration"
    return msgspec.structs.replace(chosen, oidc_client_id="x", oidc_discovery_url=elsewhere)
