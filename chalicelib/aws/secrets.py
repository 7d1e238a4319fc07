"""Settings that must not be read by others: one secret in AWS Secrets Manager, as JSON with the settings' own names.

They are fetched with the first request, never while a function starts, as a snapshot of it would keep them; and again
every few minutes, so that a key that was changed is used without a deployment. Where that fails, what is known stays
in use; a function that knows nothing yet fails, and tries again with the next request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from botocore.config import Config

from chalicelib.aws import sessions
from chalicelib.kernel import clock, settings
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.settings import ConfigurationError, Settings

# Well below the notice that a new signing key gives (`infra/tools/configure.py`).
FRESH = 240.0
AGAIN = 15.0
log = logging.getLogger("handrail.secrets")

Fetch = Callable[[], str]


class SecretsManager(Protocol):
    def get_secret_value(self, *, SecretId: str) -> Mapping[str, object]: ...


class Secrets:
    """Lays the secret's settings over those in the environment."""

    def __init__(self, base: Settings, fetch: Fetch) -> None:
        self._base, self._fetch = base, fetch
        self._due = 0.0
        self._known = False

    def refresh(self) -> None:
        """Use the settings in the secret; it is fetched where what is known is too old."""
        now = clock.now().timestamp()
        if now < self._due:
            return
        try:
            values = decode(self._fetch(), dict[str, str])
            settings.configure(settings.overlaid(self._base, values))
        except Exception as error:
            if not self._known:
                raise
            log.error("the secret was not read again", extra={"fields": {"error": type(error).__name__}})
            self._due = now + AGAIN
            return
        self._known = True
        self._due = now + FRESH


def from_secrets_manager(chosen: Settings) -> Fetch:
    """Fetches the secret that the settings name; what is connected is kept between calls."""
    if not chosen.secret:
        raise ConfigurationError("Set HANDRAIL_SECRET to the secret that holds the keys.")
    waits = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3})
    client: SecretsManager = sessions.client("secretsmanager", chosen.region, waits)
    return lambda: str(client.get_secret_value(SecretId=chosen.secret)["SecretString"])
