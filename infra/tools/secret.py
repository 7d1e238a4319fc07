"""The secret of a stage: settings by their names, as JSON (`chalicelib/aws/secrets.py` reads them).

A new signing key is written beside the one that it replaces, and signs a while later: by then every function has read
it. Both stay valid until the next change, so nobody is signed out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from chalicelib.aws.secrets import FRESH
from chalicelib.kernel import keys, settings
from chalicelib.kernel.settings import ConfigurationError, Settings
from infra.tools.stages import Refusal

NOTICE = round(2 * FRESH)
# Only `rotate` changes the keys; each deployment writes the rest.
NOT_BY_HAND = {
    "signing_key",
    "previous_signing_key",
    "signing_key_since",
    "push_key",
    "public_url",
    "origin_secret",
}


class Secret:
    def __init__(self, secrets_manager: Any, id: str) -> None:
        self._api, self._id = secrets_manager, id

    def read(self) -> dict[str, str]:
        values: dict[str, str] = json.loads(self._api.get_secret_value(SecretId=self._id)["SecretString"])
        return values

    def write(self, values: Mapping[str, str]) -> bool:
        """Whether that is anything new; refuses what the program could not use."""
        if dict(values) == self.read():
            return False
        try:
            settings.overlaid(Settings(), dict(values))
        except ConfigurationError as error:
            raise Refusal(str(error)) from error
        self._api.put_secret_value(SecretId=self._id, SecretString=json.dumps(dict(values), sort_keys=True))
        return True

    def complete(self, public_url: str, origin_secret: str) -> bool:
        """Add what a new stage lacks, the address at which it now is, and what its CDN shows to prove itself; whether
        anything changed."""
        known = {"public_url": public_url, "origin_secret": origin_secret}
        return self.write({"push_key": keys.push_key()} | self.read() | known)

    def rotate(self, *, at_once: bool) -> int:
        """Put a new signing key beside the present one; the time (in seconds since 1970) from which it signs.

        `at_once`, after a key became known to others: the present one is not believed any more.
        """
        values = self.read()
        since = int(time.time()) + NOTICE
        fresh = {"signing_key": keys.signing_key()}
        if at_once:
            self.write({**_without(values, "previous_signing_key", "signing_key_since"), **fresh})
            return int(time.time())
        if int(values.get("signing_key_since", "0")) > time.time():
            raise Refusal("The last change of the key is not in use everywhere yet: try again in ten minutes.")
        before = {"previous_signing_key": values["signing_key"], "signing_key_since": str(since)}
        self.write({**values, **before, **fresh})
        return since

    def set(self, chosen: Mapping[str, str]) -> bool:
        """Change settings; an empty value takes one away."""
        fields = set(Settings.__struct_fields__) - NOT_BY_HAND
        for name in chosen:
            if name not in fields:
                raise Refusal(f"{name!r} is no setting that can be set here; chalicelib/kernel/settings.py has them.")
        values = self.read() | dict(chosen)
        return self.write({name: value for name, value in values.items() if value})


def _without(values: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in names}
