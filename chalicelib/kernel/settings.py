"""Every setting of Handrail, with its default and what it does. Read from the environment once, at first use.

Durations are in seconds and sizes in bytes. Nothing else in the program reads `os.environ`.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from chalicelib.kernel.decoding import convert

KIB = 1024
MIB = 1024 * KIB
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class ConfigurationError(Exception):
    """A setting has a value that cannot be used; the message names it and says what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field per setting; `HANDRAIL_<FIELD>` in the environment overrides the default."""

    # Where the one-machine program listens, and the folder that holds everything it must not lose.
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8000
    data: Path = Path(".handrail")
    # The address clients use. Empty: http://<host>:<port>. Behind a proxy or a CDN, its public address.
    public_url: str = ""
    # What holds the streams of the one-machine program: a relay inside it, or a Pushpin that it starts before it.
    relay: Literal["embedded", "pushpin"] = "embedded"
    # Worker threads that run requests in the one-machine program.
    workers: Annotated[int, msgspec.Meta(ge=1)] = 8
    log_level: str = "INFO"

    # On AWS: which function this is, so that it loads only what that one serves. Empty: everything is served.
    function: Literal["", "api", "stream", "notify", "maintenance"] = ""
    # On AWS: the secret in Secrets Manager that holds, as JSON, the settings that must not be read by others.
    secret: str = ""
    # On AWS: the roles whose credentials reach one workspace, and several to read (chalicelib/aws/credentials.py).
    tenant_role: str = ""
    overview_role: str = ""
    # On AWS: the bucket of the attachments.
    attachments_bucket: str = ""

    # Any DynamoDB endpoint. Empty: the SQLite engine on one machine, AWS itself on Lambda.
    dynamodb_endpoint: str = ""
    region: str = "us-east-1"
    workspace_table: str = "handrail-workspace"
    directory_table: str = "handrail-directory"

    # Signs session cookies and MCP session ids. Empty on one machine: generated into the data folder.
    signing_key: str = ""
    # The key before it, which is good for what it signed; until `signing_key_since` (in seconds since 1970) it signs,
    # so that every function knows the new key before one uses it.
    previous_signing_key: str = ""
    signing_key_since: int = 0
    # Where GRIP relays take published items: one address, or several with commas. Unused on one machine, whose relay
    # is known.
    grip_publish_url: str = ""
    # Local sign-in of the single owner, without a password, from loopback addresses only.
    local_sign_in: bool = False
    # Sign-in through Google, or any other OpenID Connect provider: the client that is registered there, with
    # <address>/auth/google/callback as its redirect address. Without a client id it is not offered.
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_discovery_url: str = "https://accounts.google.com/.well-known/openid-configuration"
    # What people call that provider.
    oidc_name: str = "Google"
    # Who may sign in there besides those who are invited: addresses (a@example.com) and domains (example.com), with
    # commas. Of Google's accounts, a domain stands for those that its organisation manages.
    sign_in_allowed: str = ""

    # Signs web push (VAPID): the 32 bytes of a P-256 private key, as base64url. Empty on one machine: generated into
    # the data folder. Empty elsewhere: there is no web push.
    push_key: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9_-]{43})?$")] = ""
    # Whom a push service may write to about what we send: a mailto: or https: address. Empty: the public address.
    push_contact: str = ""
    # The push services that browsers may name, with commas; a leading dot stands for all sub-domains.
    push_hosts: str = "fcm.googleapis.com,updates.push.services.mozilla.com,.push.apple.com,.notify.windows.com"

    session_lifetime: int = 30 * DAY
    token_lifetime: int = 30 * DAY
    invitation_lifetime: int = 7 * DAY
    # How long the event log reaches back for clients that resume, and how long repeats are recognised.
    event_retention: int = 14 * DAY
    # When the tables were last restored to an earlier time (infra/RESTORE.md): no client must take new events for the
    # lost ones whose numbers they would have.
    restored_at: datetime | None = None
    idempotency_retention: int = 1 * DAY
    # A task handed out by getNextTask goes back to the queue when nothing is heard of it for this long.
    claim_lease: int = 10 * MINUTE
    # An agent that has not been heard of for this long is shown as disconnected.
    presence_timeout: int = 150
    # A relay may take two seconds more than it is asked for; nobody waits for more than 50.
    longest_wait: int = 48
    stream_keep_alive: int = 20
    # How often a relay asks, on behalf of a held stream, whether it is still allowed and complete: a dashboard's, and
    # an agent's, which thereby shows that it is there. One Pushpin asks for ten streams a second and no more, so it
    # can hold 600 agents at 60 seconds.
    stream_recheck: int = 1800
    agent_recheck: int = 60

    # How often somebody may call: so many a second over time, so many at once. A rate of 0: as often as they like.
    # An agent, by its token; a person, over all devices; and an address, for what comes without a living credential.
    token_rate: Annotated[float, msgspec.Meta(ge=0)] = 10
    token_burst: Annotated[int, msgspec.Meta(ge=1)] = 60
    person_rate: Annotated[float, msgspec.Meta(ge=0)] = 20
    person_burst: Annotated[int, msgspec.Meta(ge=1)] = 100
    address_rate: Annotated[float, msgspec.Meta(ge=0)] = 5
    address_burst: Annotated[int, msgspec.Meta(ge=1)] = 30
    # What a relay asks for all held streams of one credential.
    stream_rate: Annotated[float, msgspec.Meta(ge=0)] = 50
    stream_burst: Annotated[int, msgspec.Meta(ge=1)] = 500
    # Count in the directory, as many processes serve the same callers. One process alone counts by itself.
    shared_rates: bool = False
    # The header in which a CDN says where a request came from (CloudFront-Viewer-Address), believed only beside the
    # secret that the CDN adds as X-Handrail-Origin-Secret. Two secrets, with a comma, while one replaces the other.
    # Without a header, the address is the one that the connection came from.
    client_address_header: str = ""
    origin_secret: str = ""

    # Quotas of a workspace: open and all tasks, living tokens, rules, and bytes of files.
    most_open_tasks: int = 20_000
    most_tasks: int = 100_000
    most_tokens: int = 200
    most_rules: int = 500
    most_attachment_bytes: int = 10 * 1024 * MIB
    # How many workspaces one person may make.
    most_workspaces: int = 500

    largest_attachment: int = 10 * MIB
    largest_mcp_body: int = 4 * MIB
    largest_api_body: int = 16 * MIB
    largest_json_body: int = 512 * KIB

    @property
    def address(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def origin_secrets(self) -> list[str]:
        return [secret for secret in self.origin_secret.split(",") if secret]

    @property
    def secure(self) -> bool:
        return self.address.startswith("https://")


def read(environment: dict[str, str]) -> Settings:
    """The settings in `environment`; raises `ConfigurationError` for an unknown or unusable one."""
    given = {k[9:].lower(): v for k, v in environment.items() if k.startswith("HANDRAIL_")}
    try:
        return convert(given, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"A HANDRAIL_ setting cannot be used: {error}") from error


def overlaid(base: Settings, values: dict[str, str]) -> Settings:
    """`base` with `values` over it, by the names of the fields; raises `ConfigurationError` for an unusable one."""
    given = {name: getattr(base, name) for name in base.__struct_fields__} | values
    try:
        return convert(given, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"A setting cannot be used: {error}") from error


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise NotImplementedError(f"no setting has the type {kind}")


_current: Settings | None = None


def settings() -> Settings:
    global _current
    if _current is None:
        _current = read(dict(os.environ))
    return _current


def configure(values: Settings) -> None:
    """Use `values` from now on (the one-machine program and tests build their own)."""
    global _current
    _current = values
