"""What a function does on Lambda before it serves, once per execution environment.

start ──► clients are made, nothing is asked ──► snapshot ──► restored, many times ──► requests

A snapshot is restored into many environments, so what each must have for itself is not made before it. No connection
is opened and no secret is fetched (`secrets.py`). No time is kept: ages are compared with the clock at each request.
Ids and keys come from the operating system's randomness, and Python's own generator, which only spreads retries, is
seeded again. Credentials expire as others do, and botocore renews them. What requests would load late is in the
snapshot already.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice
from snapshot_restore_py import register_after_restore, register_before_snapshot

from chalicelib.aws import secrets
from chalicelib.kernel import late, store
from chalicelib.kernel.settings import settings

Next = Callable[[Any], Any]


def start(app: Chalice) -> None:
    """Make ready what every function uses. Call once, before the first request."""
    chosen = settings()
    store.connect()
    known = secrets.Secrets(chosen, secrets.from_secrets_manager(chosen))

    def with_settings(event: Any, serve: Next) -> Any:
        known.refresh()
        return serve(event)

    app.register_middleware(with_settings)
    register_before_snapshot(_before_snapshot)
    register_after_restore(random.seed)


def _before_snapshot() -> None:
    late.load(settings().function)
    store.warm()
