"""One session for the clients of all services but the tables': what it knows of AWS is read from files, and once."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def client(service: str, region: str, config: Config) -> Any:
    """A client that is connected to nothing yet."""
    return _session().create_client(service, region_name=region, config=config)


def forget() -> None:
    """Begin anew, with the environment as it is now."""
    _session.cache_clear()
