"""What a function does on Lambda before it serves, once per execution environment.

start ──► clients are made, nothing is asked ──► snapshot ──► restored, many times ──► requests

A snapshot is restored into many environments, so what each must have for itself is not made before it. No connection
is opened and no secret is fetched (`secrets.py`). No time is kept: ages are compared with the clock at each request.
Ids and keys come from the operating system's randomness, and Python's own generator, which only spreads retries, is
seeded again. No credentials for workspaces are made (`credentials.py`). What requests would load late is in the
snapshot already.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice
from snapshot_restore_py import register_after_restore, register_before_snapshot

from chalicelib.aws import client, credentials, secrets
from chalicelib.aws.blobs import S3Blobs
from chalicelib.aws.relays import Patient, Tasks
from chalicelib.kernel import blobs, grip, late, store
from chalicelib.kernel.relays import Relays
from chalicelib.kernel.settings import Settings, settings

Next = Callable[[Any], Any]


def start(app: Chalice) -> None:
    """Make ready what every function uses. Call once, before the first request."""
    chosen = settings()
    store.connect()
    files = S3Blobs(chosen.attachments_bucket, chosen.region)
    blobs.keep_in(files)
    if chosen.function == "stream":
        # From its network a way leads to the tables and to the relay, and to no secret; it needs none. Nor is there
        # one to STS: its listeners, which no client calls, reach workspaces with the function's own role.
        grip.publish_through(Patient(Relays(Tasks(chosen.grip_publish_url))))
    else:
        client.install(credentials.Narrowed(credentials.from_token_service(chosen)), chosen.workspace_table)
        _read_secret(app, chosen)
    register_before_snapshot(_before_snapshot)
    register_before_snapshot(files.warm)
    register_after_restore(random.seed)


def _read_secret(app: Chalice, chosen: Settings) -> None:
    known = secrets.Secrets(chosen, secrets.from_secrets_manager(chosen))

    def with_settings(event: Any, serve: Next) -> Any:
        known.refresh()
        return serve(event)

    app.register_middleware(with_settings)


def _before_snapshot() -> None:
    late.load(settings().function)
    store.warm()
