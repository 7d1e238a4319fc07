"""DynamoDB over HTTP, as botocore speaks to it, with faults where a test puts them; behind it is the embedded engine.

What requests of the program do for one workspace goes this way, signed with credentials for it. What runs in the
background (listeners) or for another workspace (other tests' streams) goes to the engine as ever, so that only the
request meets its fault.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import botocore.session
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from chalicelib.aws.client import Inner, NarrowedClient
from chalicelib.aws.credentials import Narrowed
from chalicelib.kernel import tenancy
from chalicelib.kernel.settings import settings
from chalicelib.kernel.store import WorkspaceItem
from chalicelib.kernel.tenancy import Reach
from chalicelib.onebox.engine import Engine, installed
from chalicelib.onebox.engine.client import ClientMeta, EngineClient

Json = dict[str, Any]


@dataclass
class Fault:
    """What goes wrong with the next `times` requests of `operation`.

    With a `code` the request is refused with it. Without one the connection breaks; `done`: after it was carried out.
    `leave` gives a batch back as not processed.
    """

    operation: str
    code: str = ""
    times: int = 1_000
    status: int = 400
    reasons: tuple[str, ...] = ()
    done: bool = False
    leave: bool = False
    met: int = 0


@dataclass
class Seen:
    operation: str
    key_id: str
    token: str


@dataclass
class Failing:
    """What the server shall do wrong, and what it saw of the program's requests."""

    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    assumed: list[Reach] = field(default_factory=list)
    assume_fails: list[Exception] = field(default_factory=list)
    dead_keys: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def assume(self, reach: Reach) -> ReadOnlyCredentials:
        if self.assume_fails:
            raise self.assume_fails.pop()
        self.assumed.append(reach)
        return ReadOnlyCredentials(f"TENANT{next(self._numbers)}", "secret", "token")

    def put(self, fault: Fault) -> Fault:
        self.faults.append(fault)
        return fault

    def fault_of(self, operation: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation == operation and fault.met < fault.times:
                fault.met += 1
                return fault
        return None

    def operations(self) -> list[str]:
        return [one.operation for one in self.seen]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece, or the other side's delayed acknowledgement costs 40 ms each time.
    wbufsize = -1
    engine: Engine
    failing: Failing

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        body: Json = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key_id = re.findall(r"Credential=(\w+)/", self.headers["Authorization"])[0]
        self.failing.seen.append(Seen(operation, key_id, body.get("ClientRequestToken", "")))
        if key_id in self.failing.dead_keys:
            self._refuse("ExpiredTokenException", 400, ())
            return
        fault = self.failing.fault_of(operation)
        if fault is None:
            self._carry_out(operation, body)
        else:
            self._fail(fault, operation, body)

    def _fail(self, fault: Fault, operation: str, body: Json) -> None:
        if fault.done:
            self.engine.call(operation, body)
        if fault.leave:
            rest = "UnprocessedKeys" if operation == "BatchGetItem" else "UnprocessedItems"
            self._send(200, {"Responses": {}, rest: body["RequestItems"]})
        elif fault.code:
            self._refuse(fault.code, fault.status, fault.reasons)
        else:
            self.close_connection = True

    def _carry_out(self, operation: str, body: Json) -> None:
        try:
            self._send(200, self.engine.call(operation, body))
        except ClientError as error:
            answer = cast(Json, error.response)
            reasons = (
                {"CancellationReasons": answer["CancellationReasons"]} if "CancellationReasons" in answer else {}
            )
            self._send(400, {"__type": answer["Error"]["Code"], "message": answer["Error"]["Message"], **reasons})

    def _refuse(self, code: str, status: int, reasons: tuple[str, ...]) -> None:
        listed = {"CancellationReasons": [{"Code": reason} for reason in reasons]} if reasons else {}
        self._send(status, {"__type": code, "message": f"injected: {code}", **listed})

    def _send(self, status: int, body: Json) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        pass


class _OfRequests(EngineClient):
    """Requests for one workspace over HTTP, everything else to the engine."""

    def __init__(self, engine: Engine, narrowed: NarrowedClient, workspace_id: str) -> None:
        super().__init__(engine.call, engine.client.meta.endpoint_url)
        self._narrowed, self._workspace_id = narrowed, workspace_id
        self.meta = ClientMeta(engine.client.meta.endpoint_url)

    def _make_api_call(self, operation_name: str, operation_kwargs: Any) -> Json:
        reach = tenancy.reach()
        if threading.current_thread().name.startswith("app") and (not reach or self._workspace_id in reach):
            return self._narrowed._make_api_call(operation_name, operation_kwargs)
        return super()._make_api_call(operation_name, operation_kwargs)


@contextmanager
def failing_dynamodb(engine: Engine, workspace_id: str) -> Iterator[Failing]:
    failing = Failing()
    handler = type("Handler", (_Handler,), {"engine": engine, "failing": failing})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    inner = _client(f"http://127.0.0.1:{server.server_port}")
    narrowed = NarrowedClient(inner, Narrowed(failing.assume), settings().workspace_table)
    try:
        with installed(_OfRequests(engine, narrowed, workspace_id)):
            yield failing
    finally:
        server.shutdown()
        server.server_close()


@functools.cache
def _session() -> botocore.session.Session:
    session = botocore.session.Session()
    session.set_credentials("FUNCTION", "secret")
    return session


def _client(url: str) -> Inner:
    """botocore's client as PynamoDB makes it from what `store.connect` sets."""
    meta = cast(Any, WorkspaceItem.Meta)
    config = Config(
        parameter_validation=False,
        connect_timeout=meta.connect_timeout_seconds,
        read_timeout=meta.read_timeout_seconds,
        retries={"total_max_attempts": 1 + meta.max_retry_attempts, "mode": "standard"},
    )
    return cast(
        Inner, _session().create_client("dynamodb", region_name="eu-central-1", endpoint_url=url, config=config)
    )
