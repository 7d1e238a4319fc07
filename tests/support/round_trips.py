"""How often a request goes to storage: the calls that reach the engine, by the request that made them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from chalicelib.kernel.logs import request_id
from chalicelib.onebox.engine import Engine, installed
from chalicelib.onebox.engine.client import EngineClient

SHORT = {
    "GetItem": "get",
    "BatchGetItem": "batch get",
    "Query": "query",
    "PutItem": "put",
    "UpdateItem": "update",
    "DeleteItem": "delete",
    "BatchWriteItem": "batch write",
    "TransactWriteItems": "transact",
}


class Recorder(EngineClient):
    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.call, engine.client.meta.endpoint_url)
        self._made: list[tuple[str, int, str]] = []

    def _make_api_call(self, operation_name: str, operation_kwargs: Mapping[str, object]) -> dict[str, object]:
        self._made.append((request_id.get(), threading.get_ident(), SHORT[operation_name]))
        return super()._make_api_call(operation_name, operation_kwargs)

    def made_here(self) -> list[str]:
        """The storage calls of this thread, which are the test's own."""
        return [operation for _, thread, operation in self._made if thread == threading.get_ident()]

    def made_by(self, answer: httpx.Response) -> list[str]:
        """The storage calls of the request that was answered so, in their order."""
        id = answer.headers["x-request-id"]
        return [operation for by, _, operation in self._made if by == id]


@contextmanager
def recorded(engine: Engine) -> Iterator[Recorder]:
    recorder = Recorder(engine)
    with installed(recorder):
        yield recorder
