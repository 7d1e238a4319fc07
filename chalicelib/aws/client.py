"""The DynamoDB client of a function: what names the workspace table is signed for the workspaces of the work at hand.

    names the workspace table ──► credentials for `tenancy.reach()`       (`credentials.py`)
    names the directory only  ──► the function's own

It stands where PynamoDB keeps its client, on the client that PynamoDB made: one pool of connections serves all.
Credentials that AWS calls dead are made anew and the request is sent once more. It was not carried out with dead
ones; and if an earlier sending was, whose answer was lost, a transaction carries a token that makes it one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Protocol

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError
from pynamodb.connection import Connection

from chalicelib.aws.credentials import Narrowed
from chalicelib.kernel import outage, store, tenancy

_signed_with: ContextVar[Keys | None] = ContextVar("signed_with", default=None)


class Keys:
    """Credentials as botocore's signer takes them for one request."""

    def __init__(self, frozen: ReadOnlyCredentials) -> None:
        self._frozen = frozen

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return self._frozen


class Inner(Protocol):
    """What is used of a botocore client."""

    meta: Any

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]: ...


class NarrowedClient:
    def __init__(self, inner: Inner, credentials: Narrowed, workspace_table: str) -> None:
        self._inner, self._credentials, self._workspace_table = inner, credentials, workspace_table
        self.meta = inner.meta
        inner.meta.events.register("before-call.dynamodb", _choose_keys)

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        if self._workspace_table not in tables_of(operation_kwargs):
            return self._inner._make_api_call(operation_name, operation_kwargs)
        reach = tenancy.reach()
        keys = self._credentials.of(reach)
        try:
            return self._call(keys, operation_name, operation_kwargs)
        except ClientError as error:
            if outage.code_of(error) not in outage.EXPIRED:
                raise
        self._credentials.forget(reach, keys)
        return self._call(self._credentials.of(reach), operation_name, operation_kwargs)

    def _call(self, keys: ReadOnlyCredentials, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        chosen = _signed_with.set(Keys(keys))
        try:
            return self._inner._make_api_call(operation, arguments)
        finally:
            _signed_with.reset(chosen)


def install(credentials: Narrowed, workspace_table: str) -> None:
    """From now on every PynamoDB connection uses this client."""
    inner = store.connection().client
    client = NarrowedClient(inner, credentials, workspace_table)
    setattr(Connection, "client", property(lambda connection: client))  # noqa: B010
    tenancy.keep_with(credentials)


def tables_of(arguments: Mapping[str, Any]) -> set[str]:
    """The tables that a request names."""
    return set(_named(arguments))


def _named(arguments: Mapping[str, Any]) -> Iterator[str]:
    if "TableName" in arguments:
        yield arguments["TableName"]
    yield from arguments.get("RequestItems", ())
    for item in arguments.get("TransactItems", ()):
        yield from (action["TableName"] for action in item.values())


def _choose_keys(context: dict[str, Any], **_: object) -> None:
    """botocore asks before each call; its signer takes these instead of the client's own."""
    if (keys := _signed_with.get()) is not None:
        context["signing"] = {**context.get("signing", {}), "request_credentials": keys}
