"""The item operations, each a function of the open engine parts and a call's parameters."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib.onebox.engine import queries, rows, transactions, writes
from chalicelib.onebox.engine.capacity import Capacity
from chalicelib.onebox.engine.catalog import Catalog
from chalicelib.onebox.engine.changes import ChangeFeed
from chalicelib.onebox.engine.errors import invalid
from chalicelib.onebox.engine.expressions.binding import Bindings
from chalicelib.onebox.engine.expressions.projection import project
from chalicelib.onebox.engine.parameters import Parameters, constraint
from chalicelib.onebox.engine.schema import Table
from chalicelib.onebox.engine.storage import Storage
from chalicelib.onebox.engine.values import Item, checked_item, size_of_item

MAX_BATCH_WRITES = 25
MAX_BATCH_READS = 100
MAX_BATCH_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parts:
    storage: Storage
    catalog: Catalog
    feed: ChangeFeed

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with self.storage.writing(self.feed.committed) as connection:
            self.feed.begin()
            yield connection


def get_item(parts: Parts, parameters: Parameters) -> dict[str, object]:
    table = parts.catalog.table(parameters.text("TableName"))
    capacity = Capacity(parameters)
    key = parameters.item("Key")
    shape = _projector(parameters)
    table.check_key(key)
    with parts.storage.reading() as connection:
        item = rows.fetch(connection, table, table.key_bytes(key))
    capacity.read(table, size_of_item(item or {}), parameters.flag("ConsistentRead", default=False))
    found = {} if item is None else {"Item": shape(item)}
    return {**found, **capacity.single()}


def query(parts: Parts, parameters: Parameters) -> dict[str, object]:
    table = parts.catalog.table(parameters.text("TableName"))
    with parts.storage.reading() as connection:
        return queries.query(connection, table, parameters)


def put_item(parts: Parts, parameters: Parameters) -> dict[str, object]:
    return _write(parts, parameters, writes.put, ("NONE", "ALL_OLD"))


def delete_item(parts: Parts, parameters: Parameters) -> dict[str, object]:
    return _write(parts, parameters, writes.delete, ("NONE", "ALL_OLD"))


def update_item(parts: Parts, parameters: Parameters) -> dict[str, object]:
    allowed = ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
    return _write(parts, parameters, writes.update, allowed)


def _write(
    parts: Parts,
    parameters: Parameters,
    read: Callable[[Table, Parameters], writes.Write],
    returnable: tuple[str, ...],
) -> dict[str, object]:
    table = parts.catalog.table(parameters.text("TableName"))
    capacity = Capacity(parameters)
    every = ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
    wanted = parameters.choice("ReturnValues", every, "NONE")
    if wanted not in returnable:
        raise invalid("Return values set to invalid value")
    write = read(table, parameters)
    with parts.writing() as connection:
        outcome = writes.perform(connection, parts.feed, write)
    capacity.write(table, (outcome.old, outcome.new))
    return {**writes.returned(wanted, outcome, write.update), **capacity.single()}


def batch_get_item(parts: Parts, parameters: Parameters) -> dict[str, object]:
    capacity = Capacity(parameters)
    requests = [_batch_read(parts, name, entry) for name, entry in parameters.entries("RequestItems")]
    count = sum(len(request.keys) for request in requests)
    if count == 0:
        raise constraint("RequestItems", "{}", "Member must have length greater than or equal to 1")
    if count > MAX_BATCH_READS:
        raise invalid("Too many items requested for the BatchGetItem call")
    responses: dict[str, list[Item]] = {}
    unprocessed: dict[str, object] = {}
    size = 0
    with parts.storage.reading() as connection:
        for request in requests:
            found = responses.setdefault(request.table.name, [])
            for position, key in enumerate(request.keys):
                item = rows.fetch(connection, request.table, request.table.key_bytes(key))
                taken = size_of_item(item or {})
                if size + taken > MAX_BATCH_BYTES:
                    unprocessed[request.table.name] = {**request.given, "Keys": request.keys[position:]}
                    break
                size += taken
                capacity.read(request.table, taken, request.consistent)
                if item is not None:
                    found.append(request.shape(item))
    return {"Responses": responses, "UnprocessedKeys": unprocessed, **capacity.several()}


@dataclass(frozen=True, slots=True)
class BatchRead:
    table: Table
    keys: list[Item]
    shape: Callable[[Item], Item]
    consistent: bool
    given: dict[str, object]  # to be handed back for what was not processed


def _batch_read(parts: Parts, name: str, entry: object) -> BatchRead:
    known = ("Keys", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames")
    request = Parameters("KeysAndAttributes", entry, known)
    table = parts.catalog.table(name)
    keys = [checked_item(key) for key in request.elements("Keys")]
    shape = _projector(request)
    for key in keys:
        table.check_key(key)
    writes.refuse_duplicates(
        ((name, table.key_bytes(key)) for key in keys), "Provided list of item keys contains duplicates"
    )
    given = {each: request.raw(each) for each in known if each in request}
    return BatchRead(table, keys, shape, request.flag("ConsistentRead", default=False), given)


def batch_write_item(parts: Parts, parameters: Parameters) -> dict[str, object]:
    capacity = Capacity(parameters)
    parameters.only("ReturnItemCollectionMetrics", "NONE")
    batch: list[writes.Write] = []
    for name, entry in parameters.entries("RequestItems"):
        table = parts.catalog.table(name)
        requests = Parameters("RequestItems", {"Requests": entry}, ("Requests",)).elements("Requests")
        batch += [_batch_write(table, request) for request in requests]
    if not batch:
        raise constraint("RequestItems", "{}", "Member must have length greater than or equal to 1")
    if len(batch) > MAX_BATCH_WRITES:
        raise invalid("Too many items requested for the BatchWriteItem call")
    writes.refuse_duplicates(
        ((write.table.name, write.key) for write in batch), "Provided list of item keys contains duplicates"
    )
    with parts.writing() as connection:
        for write in batch:
            outcome = writes.perform(connection, parts.feed, write)
            capacity.write(write.table, (outcome.old, outcome.new))
    return {"UnprocessedItems": {}, **capacity.several()}


def _batch_write(table: Table, given: object) -> writes.Write:
    request = Parameters("WriteRequest", given, ("PutRequest", "DeleteRequest"))
    if ("PutRequest" in request) == ("DeleteRequest" in request):
        raise invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one")
    if "PutRequest" in request:
        put = Parameters("PutRequest", request.raw("PutRequest"), ("Item",))
        return writes.put_item(table, put.item("Item"))
    delete = Parameters("DeleteRequest", request.raw("DeleteRequest"), ("Key",))
    return writes.delete_item(table, delete.item("Key"))


def transact_write_items(parts: Parts, parameters: Parameters) -> dict[str, object]:
    capacity = Capacity(parameters)
    token = parameters.optional_text("ClientRequestToken")
    parameters.only("ReturnItemCollectionMetrics", "NONE")
    batch = transactions.read_writes(parameters, parts.catalog.table)
    with parts.writing() as connection:
        if token is not None and transactions.is_repeat(connection, token, parameters):
            for write in batch:
                capacity.read(write.table, 1, consistent=True, factor=2)
            return dict(capacity.several())
        outcomes = transactions.perform_all(connection, parts.feed, batch)
    for write, outcome in zip(batch, outcomes, strict=True):
        capacity.write(write.table, (outcome.old, outcome.new), factor=2)
    return dict(capacity.several())


def transact_get_items(parts: Parts, parameters: Parameters) -> dict[str, object]:
    capacity = Capacity(parameters)
    reads = [
        _transact_read(parts, Parameters("Get", body, _TRANSACT_GET))
        for _, body in transactions.actions(parameters, ("Get",))
    ]
    writes.refuse_duplicates(
        ((table.name, table.key_bytes(key)) for table, key, _ in reads),
        "Transaction request cannot include multiple operations on one item",
    )
    responses: list[dict[str, object]] = []
    with parts.storage.snapshot() as connection:
        for table, key, shape in reads:
            item = rows.fetch(connection, table, table.key_bytes(key))
            capacity.read(table, size_of_item(item or {}), consistent=True, factor=2)
            shaped = shape(item or {})
            responses.append({"Item": shaped} if shaped else {})  # also where the projection finds nothing
    return {"Responses": responses, **capacity.several()}


_TRANSACT_GET = ("TableName", "Key", "ProjectionExpression", "ExpressionAttributeNames")


def _transact_read(parts: Parts, get: Parameters) -> tuple[Table, Item, Callable[[Item], Item]]:
    table = parts.catalog.table(get.text("TableName"))
    key = get.item("Key")
    shape = _projector(get)
    table.check_key(key)
    return table, key, shape


def _projector(parameters: Parameters) -> Callable[[Item], Item]:
    bindings = Bindings(parameters.names(), None)
    text = parameters.optional_text("ProjectionExpression")
    paths = None if text is None else bindings.projection(text).paths
    bindings.finish()
    return lambda item: item if paths is None else project(item, paths)
