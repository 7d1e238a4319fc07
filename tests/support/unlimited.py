"""Settings without limits on how often somebody may call: tests share one machine, and often one person."""

from __future__ import annotations

import msgspec

from chalicelib.kernel.settings import Settings

UNLIMITED = {"token_rate": "0", "person_rate": "0", "address_rate": "0", "stream_rate": "0"}


def unlimited(chosen: Settings) -> Settings:
    return msgspec.structs.replace(chosen, **{name: float(rate) for name, rate in UNLIMITED.items()})
