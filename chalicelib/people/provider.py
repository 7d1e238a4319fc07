"""The identity provider: what it says of itself (discovery), its keys, and exchanging a code for an ID token.

discovery, keys   kept for an hour; when the provider does not answer, what is known is used on
an unknown key    fetches the keys once more, at most once a minute: whoever invents key ids makes no traffic
a failure         is remembered for a few seconds, so that a provider that is down does not hold up every worker
"""

from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from chalicelib.kernel import clock
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.settings import HOUR, MINUTE, settings
from chalicelib.people.fetching import Unreachable, fetch, is_fetchable
from chalicelib.people.id_tokens import Jwk

GOOGLE = "https://accounts.google.com"
S = TypeVar("S", bound=msgspec.Struct)

LIFETIME = timedelta(seconds=HOUR)
BETWEEN_REFETCHES = timedelta(seconds=MINUTE)
AFTER_A_FAILURE = timedelta(seconds=3)
WELL_KNOWN = "/.well-known/openid-configuration"


class Refused(Exception):
    """The provider answered, and not with what was asked for; the message is for the log."""


class Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    prompt_values_supported: tuple[str, ...] = ()

    @property
    def offers_accounts(self) -> bool:
        """Whether it can be asked to let people choose an account. Google can and does not say so; others refuse."""
        return self.issuer == GOOGLE or "select_account" in self.prompt_values_supported


class KeySet(msgspec.Struct, frozen=True):
    keys: list[Jwk]


class Exchanged(msgspec.Struct, frozen=True):
    id_token: str


class Provider:
    def __init__(self, discovery_url: str) -> None:
        self.discovery_url = discovery_url
        self._lock = threading.Lock()
        self._metadata: Metadata | None = None
        self._keys: dict[str, Jwk] = {}
        self._metadata_at = self._keys_at = self._failed_at = datetime.min.replace(tzinfo=UTC)

    def metadata(self) -> Metadata:
        with self._lock:
            if self._metadata is None or clock.now() - self._metadata_at > LIFETIME:
                self._renew_metadata()
            assert self._metadata is not None
            return self._metadata

    def key(self, key_id: str) -> Jwk | None:
        metadata = self.metadata()
        with self._lock:
            age = clock.now() - self._keys_at
            if age > LIFETIME or (key_id not in self._keys and age > BETWEEN_REFETCHES):
                self._renew_keys(metadata)
            return self._keys.get(key_id)

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> str:
        """The ID token that the provider gives for `code`."""
        metadata, chosen = self.metadata(), settings()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": chosen.oidc_client_id,
        }
        headers = {}
        methods = metadata.token_endpoint_auth_methods_supported
        if chosen.oidc_client_secret and "client_secret_basic" in methods:
            pair = f"{quote(chosen.oidc_client_id, safe='')}:{quote(chosen.oidc_client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif chosen.oidc_client_secret:
            form["client_secret"] = chosen.oidc_client_secret
        answer = fetch(metadata.token_endpoint, form, headers)
        if answer.status != 200:
            raise Refused(
                f"the token endpoint answered {answer.status}: {answer.body[:200].decode(errors='replace')}"
            )
        return _read(answer.body, Exchanged).id_token

    def _renew_metadata(self) -> None:
        try:
            found = self._get(self.discovery_url, Metadata)
            self._check(found)
        except (Unreachable, Refused):
            if self._metadata is None:
                raise
            return
        self._metadata, self._metadata_at = found, clock.now()

    def _renew_keys(self, metadata: Metadata) -> None:
        try:
            found = self._get(metadata.jwks_uri, KeySet)
        except (Unreachable, Refused):
            if not self._keys:
                raise
            return
        self._keys = {kid: key for key in found.keys if isinstance(kid := key.get("kid"), str)}
        self._keys_at = clock.now()

    def _get(self, url: str, kind: type[S]) -> S:
        if clock.now() - self._failed_at < AFTER_A_FAILURE:
            raise Unreachable("it did not answer a moment ago")
        try:
            answer = fetch(url)
        except Unreachable:
            self._failed_at = clock.now()
            raise
        if answer.status != 200:
            raise Refused(f"{urlsplit(url).path} answered {answer.status}")
        return _read(answer.body, kind)

    def _check(self, found: Metadata) -> None:
        """OpenID Connect Discovery 4.3: whoever answers there has to be who the address says."""
        if found.issuer.rstrip("/") + WELL_KNOWN != self.discovery_url:
            raise Refused(f"the discovery document names the issuer {found.issuer!r}, not that of its address")
        if not all(map(is_fetchable, (found.authorization_endpoint, found.token_endpoint, found.jwks_uri))):
            raise Refused("the discovery document names an address that is not https")


def _read(body: bytes, kind: type[S]) -> S:
    try:
        return decode(body, kind)
    except msgspec.DecodeError as error:
        raise Refused(f"what it sent is no {kind.__name__}: {error}") from error


_provider: Provider | None = None


def provider() -> Provider:
    """The one that the settings name, with what is known of it."""
    global _provider
    if _provider is None or _provider.discovery_url != settings().oidc_discovery_url:
        _provider = Provider(settings().oidc_discovery_url)
    return _provider
