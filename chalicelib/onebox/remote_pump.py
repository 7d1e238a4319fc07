"""Feeds a function from any DynamoDB endpoint's own streams (`HANDRAIL_DYNAMODB_ENDPOINT`), like `pump`.

The place reached in each shard is in the directory. Where there is none, or the endpoint no longer knows it, it
begins with the oldest records that there are. That place is itself a change of the directory: what holds nothing else
moves no place, or there would be no end to it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib.kernel import directory
from chalicelib.kernel.settings import Settings
from chalicelib.kernel.store import Key
from chalicelib.onebox.pump import Consumer, StreamFunction

_QUIET = 0.1
Place = tuple[str, str]
"""A table, and a shard of its stream."""
log = logging.getLogger("handrail.pump")


class Reached(msgspec.Struct, frozen=True):
    sequence: str


class RemotePump:
    def __init__(self, settings: Settings, function: StreamFunction, consumer: Consumer) -> None:
        import boto3

        options = {"endpoint_url": settings.dynamodb_endpoint, "region_name": settings.region}
        self._tables: Any = boto3.client("dynamodb", **options)
        self._streams: Any = boto3.client("dynamodbstreams", **options)
        self._sources = (settings.workspace_table, settings.directory_table)
        self._function = function
        self._consumer = consumer
        self._iterators: dict[Place, str | None] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=consumer, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self._poll()
            except Exception:
                log.exception("the stream of the DynamoDB endpoint cannot be read")
                busy = False
            if not busy:
                self._stopping.wait(_QUIET)

    def _poll(self) -> bool:
        return sum(map(self._poll_table, self._sources)) > 0

    def _poll_table(self, table: str) -> bool:
        arn = self._tables.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        shards = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        busy = False
        for shard in shards:
            place = table, shard["ShardId"]
            if place not in self._iterators:
                self._iterators[place] = self._first_iterator(place, {"StreamArn": arn, "ShardId": place[1]})
            busy = self._read(place) or busy
        return busy

    def _first_iterator(self, at: Place, shard: dict[str, str]) -> str:
        reached = directory.read(self._cursor(at), Reached)
        if reached is not None:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": reached.sequence}
            try:
                return str(self._streams.get_shard_iterator(**shard, **place)["ShardIterator"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                    raise
        oldest = self._streams.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")
        return str(oldest["ShardIterator"])

    def _read(self, place: Place) -> bool:
        iterator = self._iterators[place]
        if iterator is None:
            return False
        answer = self._streams.get_records(ShardIterator=iterator, Limit=200)
        records = answer["Records"]
        if records and self._function({"Records": records}, None)["batchItemFailures"]:
            return False
        news = [record for record in records if not _is_place(record)]
        if news:
            directory.write(self._cursor(place), Reached(records[-1]["dynamodb"]["SequenceNumber"]))
        self._iterators[place] = answer.get("NextShardIterator")
        return bool(news)

    def _cursor(self, place: Place) -> Key:
        table, shard_id = place
        return f"cursor#{self._consumer}", f"{table}#{shard_id}"


def _is_place(record: Mapping[str, Any]) -> bool:
    key: str = record["dynamodb"]["Keys"].get("pk", {}).get("S", "")
    return key.startswith("cursor#")
