"""The two tables, through PynamoDB, and nothing above it.

    workspace   hash `workspace_id`, range `sk`. One item type per sort-key prefix. Indexes are local ones, so their
                keys begin with the workspace id too and they can be read consistently. Stream on.
    directory   hash `pk`, range `sk`. People, sessions, memberships, routes from external keys, due work. Its stream
                tells keys only: that a session is gone ends its event streams.

An item is a few key attributes that DynamoDB must see, and a JSON `body` that is the entity. Only `Scope` and
`Unit` (and, for the directory, `directory.py`) call this module; everything else goes through them.
All reads are strongly consistent.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.constants import STREAM_KEYS_ONLY, STREAM_NEW_AND_OLD_IMAGE
from pynamodb.indexes import AllProjection, LocalSecondaryIndex
from pynamodb.models import Model

from chalicelib.kernel import clock
from chalicelib.kernel.decoding import decode
from chalicelib.kernel.entity import Entity
from chalicelib.kernel.outage import Overloaded
from chalicelib.kernel.settings import settings

E = TypeVar("E", bound=Entity)
Key = tuple[str, str]

BATCH = 100
MOST_WRITTEN = 25
# What DynamoDB leaves of a batch is asked for again, this often, after pauses that grow; together 2 s on average.
ROUNDS = 7
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class ByState(LocalSecondaryIndex["WorkspaceItem"]):
    class Meta:
        index_name = "by_state"
        projection = AllProjection()

    workspace_id = UnicodeAttribute(hash_key=True)
    state_key = UnicodeAttribute(range_key=True)


class ByWaiting(LocalSecondaryIndex["WorkspaceItem"]):
    class Meta:
        index_name = "by_waiting"
        projection = AllProjection()

    workspace_id = UnicodeAttribute(hash_key=True)
    waiting_key = UnicodeAttribute(range_key=True)


class WorkspaceItem(Model):
    class Meta:
        table_name = ""
        billing_mode = "PAY_PER_REQUEST"
        stream_view_type = STREAM_NEW_AND_OLD_IMAGE

    workspace_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()
    version = NumberAttribute()
    seq = NumberAttribute(null=True)
    state_key = UnicodeAttribute(null=True)
    waiting_key = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    by_state = ByState()
    by_waiting = ByWaiting()


class DirectoryItem(Model):
    class Meta:
        table_name = ""
        billing_mode = "PAY_PER_REQUEST"
        stream_view_type = STREAM_KEYS_ONLY

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()
    ttl = NumberAttribute(null=True)
    # Of a bucket of permits: when it is full again, in milliseconds since 1970.
    full_at = NumberAttribute(null=True)


_KEYS: dict[type[Model], tuple[str, str]] = {WorkspaceItem: ("workspace_id", "sk"), DirectoryItem: ("pk", "sk")}
Found = tuple[dict[Key, WorkspaceItem], dict[Key, DirectoryItem]]


def connect() -> None:
    """Point both tables at what the settings name. Call once, before the first read."""
    chosen = settings()
    for model, name in ((WorkspaceItem, chosen.workspace_table), (DirectoryItem, chosen.directory_table)):
        meta = model.Meta
        for attribute, value in {
            "table_name": name,
            "region": chosen.region,
            "host": chosen.dynamodb_endpoint or None,
            "connect_timeout_seconds": 1,
            "read_timeout_seconds": 2,
            "max_retry_attempts": 2,
        }.items():
            setattr(meta, attribute, value)
        model._connection = None


def warm() -> None:
    """Make the clients of both tables ahead of the first request. They ask for nothing and connect to nothing yet."""
    for model in (WorkspaceItem, DirectoryItem):
        assert model._get_connection().connection.client is not None


def create_tables() -> None:
    """Make the tables where they do not exist yet (one machine and tests; on AWS they are in `infra/`)."""
    for model in (WorkspaceItem, DirectoryItem):
        if model.exists():
            _begin_stream(model)
            continue
        model.create_table(wait=True)
        lifetime = {"AttributeName": "ttl", "Enabled": True}
        request = {"TableName": model.Meta.table_name, "TimeToLiveSpecification": lifetime}
        connection().dispatch("UpdateTimeToLive", request)


def _begin_stream(model: type[Model]) -> None:
    """A table that was made before it had a stream gets one."""
    name = model.Meta.table_name
    if "StreamSpecification" not in connection().dispatch("DescribeTable", {"TableName": name})["Table"]:
        stream = {"StreamEnabled": True, "StreamViewType": model.Meta.stream_view_type}
        connection().dispatch("UpdateTable", {"TableName": name, "StreamSpecification": stream})


def connection() -> Connection:
    return WorkspaceItem._get_connection().connection


def item_of(entity: Entity) -> WorkspaceItem:
    expires = entity.expires()
    return WorkspaceItem(
        workspace_id=entity.workspace_id,
        sk=entity.sort_key(),
        body=msgspec.json.encode(entity).decode(),
        version=entity.version,
        seq=getattr(entity, "seq", None),
        state_key=entity.state_key(),
        waiting_key=entity.waiting_key(),
        ttl=clock.epoch(expires) if expires else None,
    )


def entity_of(item: WorkspaceItem, kind: type[E]) -> E | None:
    """The entity in `item`; None where its time is over (DynamoDB deletes expired items late)."""
    if item.ttl is not None and item.ttl <= clock.epoch(clock.now()):
        return None
    return decode(item.body, kind)


def batch_get(keys: Iterable[Key], directory_keys: Iterable[Key] = ()) -> Found:
    """One round trip for items of both tables (at most 100 keys); what does not exist is not in the answer."""
    wanted = {WorkspaceItem: list(dict.fromkeys(keys)), DirectoryItem: list(dict.fromkeys(directory_keys))}
    found: dict[type[Model], list[Model]] = {WorkspaceItem: [], DirectoryItem: []}
    request: dict[str, Any] = {
        model.Meta.table_name: {"ConsistentRead": True, "Keys": [_raw_key(model, key) for key in keys_of]}
        for model, keys_of in wanted.items()
        if keys_of
    }
    for answer in _rounds("BatchGetItem", request, "UnprocessedKeys"):
        for model in wanted:
            rows = answer["Responses"].get(model.Meta.table_name, [])
            found[model] += [model.from_raw_data(row) for row in rows]
    return (
        {(item.workspace_id, item.sk): item for item in found[WorkspaceItem] if isinstance(item, WorkspaceItem)},
        {(item.pk, item.sk): item for item in found[DirectoryItem] if isinstance(item, DirectoryItem)},
    )


def batch_write(items: Iterable[Model] = (), gone: Iterable[Model] = ()) -> None:
    """Write and remove items, without conditions. It may stop half-way: use it where halves do no harm."""
    requests: dict[str, list[dict[str, object]]] = {}
    for item in items:
        requests.setdefault(item.Meta.table_name, []).append({"PutRequest": {"Item": item.serialize()}})
    for item in gone:
        key = {name: {"S": getattr(item, name)} for name in _KEYS[type(item)]}
        requests.setdefault(item.Meta.table_name, []).append({"DeleteRequest": {"Key": key}})
    for table, all in requests.items():
        for start in range(0, len(all), MOST_WRITTEN):
            for _ in _rounds("BatchWriteItem", {table: all[start : start + MOST_WRITTEN]}, "UnprocessedItems"):
                pass


def _rounds(operation: str, request: Mapping[str, Any], rest: str) -> Iterator[Mapping[str, Any]]:
    """The answers to a batch, until nothing is left of it; raises `Overloaded` when that takes too long."""
    for round in range(ROUNDS):
        if not request:
            return
        if round:
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**round)))
        answer = connection().dispatch(operation, {"RequestItems": request})
        yield answer
        request = answer.get(rest) or {}
    if request:
        raise Overloaded(f"{operation}: something was left after {ROUNDS} rounds")


def _raw_key(model: type[Model], key: Key) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in zip(_KEYS[model], key, strict=True)}
