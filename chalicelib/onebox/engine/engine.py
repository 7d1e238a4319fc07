"""DynamoDB's API over one SQLite file: what botocore's `_make_api_call` takes and returns.

`Engine.call` may be used from any thread. When it returns, the call's effect is durable; when it raises,
there is none. Losing and invalid calls raise botocore's `ClientError` with DynamoDB's codes; what the
engine does not implement raises `UnsupportedOperation` or `UnsupportedParameter` by name.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from chalicelib.onebox.engine import expiry, operations, queries, writes
from chalicelib.onebox.engine.catalog import Catalog
from chalicelib.onebox.engine.changes import Change, ChangeFeed
from chalicelib.onebox.engine.client import EngineClient
from chalicelib.onebox.engine.errors import Refusal, UnsupportedOperation
from chalicelib.onebox.engine.operations import Parts
from chalicelib.onebox.engine.parameters import Parameters
from chalicelib.onebox.engine.storage import Storage


class Operation(NamedTuple):
    run: Callable[[Parts, Parameters], dict[str, object]]
    parameters: frozenset[str]


def _operation(run: Callable[[Parts, Parameters], dict[str, object]], *parameters: str) -> Operation:
    return Operation(run, frozenset(parameters))


_WRITE = (
    "TableName",
    "ReturnValues",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
    *writes.CONDITION,
)
_GET = ("TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames")
_CREATE = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
    "StreamSpecification",
)

OPERATIONS: Mapping[str, Operation] = {
    "GetItem": _operation(operations.get_item, *_GET, "ReturnConsumedCapacity"),
    "PutItem": _operation(operations.put_item, "Item", *_WRITE),
    "UpdateItem": _operation(operations.update_item, "Key", "UpdateExpression", *_WRITE),
    "DeleteItem": _operation(operations.delete_item, "Key", *_WRITE),
    "Query": _operation(operations.query, *queries.PARAMETERS),
    "BatchGetItem": _operation(operations.batch_get_item, "RequestItems", "ReturnConsumedCapacity"),
    "BatchWriteItem": _operation(
        operations.batch_write_item, "RequestItems", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"
    ),
    "TransactWriteItems": _operation(
        operations.transact_write_items,
        "TransactItems",
        "ClientRequestToken",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
    ),
    "TransactGetItems": _operation(operations.transact_get_items, "TransactItems", "ReturnConsumedCapacity"),
    "CreateTable": _operation(lambda parts, call: parts.catalog.create(call), *_CREATE),
    "UpdateTable": _operation(lambda parts, call: parts.catalog.update(call), "TableName", "StreamSpecification"),
    "DeleteTable": _operation(lambda parts, call: parts.catalog.delete(call), "TableName"),
    "DescribeTable": _operation(lambda parts, call: parts.catalog.describe(call), "TableName"),
    "ListTables": _operation(lambda parts, call: parts.catalog.names(call), "ExclusiveStartTableName", "Limit"),
    "UpdateTimeToLive": _operation(
        lambda parts, call: parts.catalog.update_ttl(call), "TableName", "TimeToLiveSpecification"
    ),
    "DescribeTimeToLive": _operation(lambda parts, call: parts.catalog.describe_ttl(call), "TableName"),
}


class Engine:
    def __init__(self, storage: Storage) -> None:
        self._parts = Parts(storage, Catalog(storage), ChangeFeed(storage))
        self.client = EngineClient(self.call, f"sqlite:{storage.path}")

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> "Engine":
        """Raises EngineLocked, EngineTooNew or EngineUnwritable with one line that says what to do."""
        return cls(Storage(path, read_only=read_only))

    def call(self, operation: str, kwargs: Mapping[str, object]) -> dict[str, object]:
        known = OPERATIONS.get(operation)
        if known is None:
            raise UnsupportedOperation(f"The embedded engine does not implement {operation}")
        try:
            return known.run(self._parts, Parameters(operation, kwargs, known.parameters))
        except Refusal as refusal:
            raise refusal.as_client_error(operation) from None

    def changes(self, after: int, limit: int) -> list[Change]:
        """Changes of streamed tables in commit order, from the first above `after`."""
        return self._parts.feed.after(after, limit)

    def last_change(self) -> int:
        return self._parts.feed.last

    def wait_for_changes(self, after: int, timeout: float) -> bool:
        """Returns as soon as there is a change above `after`; False at the timeout or when closing."""
        return self._parts.feed.wait(after, timeout)

    def cursor(self, name: str) -> int:
        """How far the named consumer has come; 0 before its first `advance`."""
        return self._parts.feed.cursor(name)

    def advance(self, name: str, sequence: int, names: Collection[str]) -> None:
        """Set the cursor of `name`; changes that all of `names` have passed are trimmed."""
        self._parts.feed.advance(name, sequence, names)

    def expire(self, now: float) -> int:
        """Delete items whose TTL has passed; the number of items deleted."""
        return expiry.expire(self._parts, now)

    def close(self) -> None:
        self._parts.feed.stop()
        self._parts.storage.close()
