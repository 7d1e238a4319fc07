"""What the fifth wall costs: `python -m tests.bench.wall`. STS and DynamoDB are servers on this machine.

The calls are counted with the real cache and a clock that is moved; the time that AWS itself takes is not in here.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter
from typing import Any, cast

from botocore.credentials import ReadOnlyCredentials

from chalicelib.aws import credentials
from chalicelib.aws.client import Inner, NarrowedClient
from chalicelib.aws.credentials import Narrowed, from_token_service
from chalicelib.kernel import clock, tenancy
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.settings import Settings
from tests.bench.report import amount, figure, heading, latency

KEYS = ReadOnlyCredentials("A" * 20, "s" * 40, "t" * 1_200)
REQUEST = {"TableName": "workspace", "Key": {"workspace_id": {"S": "x"}, "sk": {"S": "head"}}}
# Workspaces, execution environments, requests a second: the load of COST.md, then ten times and a hundred times it.
LOADS = [(1_000, 5, 46), (1_000, 20, 46), (10_000, 50, 460), (100_000, 500, 4_600)]
ASSUMED = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
    f"<AccessKeyId>{KEYS.access_key}</AccessKeyId><SecretAccessKey>{KEYS.secret_key}</SecretAccessKey>"
    f"<SessionToken>{KEYS.token}</SessionToken><Expiration>2026-11-21T12:00:00Z</Expiration>"
    "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
)


class Moved:
    """A clock that the bench moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


class Events:
    def register(self, name: str, handler: object) -> None:
        pass


class Nothing:
    """A client that does nothing, so that only what stands before it is measured."""

    class meta:
        events = Events()

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        return {}


class TokenService(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        raw = ASSUMED.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def token_service() -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), TokenService)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {
        "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "function",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    yield
    server.shutdown()


def calls_per_thousand(workspaces: int, environments: int, rate: int) -> float:
    """Of one environment over two hours, after one to warm up: what of 1,000 requests has credentials made."""
    moved, made = Moved(), itertools.count()
    cast(Any, credentials).clock = moved
    narrowed = Narrowed(lambda reach: (next(made), KEYS)[1])
    ids, drawn = [new_id() for _ in range(workspaces)], random.Random(1)
    apart = timedelta(seconds=environments / rate)
    hours = [0, 0, 0]
    for hour in range(3):
        before = next(made)
        for _ in range(int(timedelta(hours=1) / apart)):
            narrowed.of((drawn.choice(ids),))
            moved.at += apart
        hours[hour] = next(made) - before - 1
    cast(Any, credentials).clock = clock
    return 1_000 * sum(hours[1:]) / (2 * (timedelta(hours=1) / apart))


def overhead() -> list[float]:
    """Seconds that a request to storage takes longer than without the wall, when the credentials are at hand."""
    client = NarrowedClient(cast(Inner, Nothing()), Narrowed(lambda reach: KEYS), "workspace")
    workspace, times = new_id(), []
    for _ in range(20_000):
        began = perf_counter()
        with tenancy.within(workspace):
            client._make_api_call("GetItem", REQUEST)
        times.append(perf_counter() - began)
    return times


def main() -> None:
    heading("The fifth wall")
    times = overhead()
    figure("a request to storage, credentials at hand", f"{sorted(times)[len(times) // 2] * 1e6:.1f} µs (p50)")
    with token_service():
        began = perf_counter()
        assume = from_token_service(
            Settings(tenant_role="arn:aws:iam::1:role/a", overview_role="arn:aws:iam::1:role/b")
        )
        amount("making the client of STS, once at the start", (perf_counter() - began) * 1000, "ms")
        workspace = (new_id(),)
        assume(workspace)
        asked = []
        for _ in range(300):
            began = perf_counter()
            assume(workspace)
            asked.append(perf_counter() - began)
        latency("AssumeRole at a server on this machine", asked)
    tracemalloc.start()
    narrowed = Narrowed(lambda reach: ReadOnlyCredentials(new_id() * 2, new_id() * 4, new_id() * 109))
    for _ in range(10_000):
        narrowed.of((new_id(),))
    amount("credentials for 10,000 workspaces", tracemalloc.get_traced_memory()[0] / 1e6, "MB")
    tracemalloc.stop()
    for workspaces, environments, rate in LOADS:
        found = calls_per_thousand(workspaces, environments, rate)
        what = f"{workspaces:,} workspaces, {environments} environments, {rate:,} requests/s"
        figure(what, f"{found:.0f} AssumeRole per 1,000 requests", f"{found * rate / 1000:,.1f} a second")


if __name__ == "__main__":
    main()
