"""Feeds a function from any DynamoDB endpoint's own streams (`HANDRAIL_DYNAMODB_ENDPOINT`), like `pump`.

The place reached in each shard is in the directory. Where there is none, or the endpoint no longer knows it, it
begins with the oldest records that there are.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib.kernel import directory
from chalicelib.kernel.settings import Settings
from chalicelib.kernel.store import Key
from chalicelib.onebox.pump import Consumer, StreamFunction

_QUIET = 0.1
log = logging.getLogger("handrail.pump")


class Reached(msgspec.Struct, frozen=True):
    sequence: str


class RemotePump:
    def __init__(self, settings: Settings, function: StreamFunction, consumer: Consumer) -> None:
        import boto3

        options = {"endpoint_url": settings.dynamodb_endpoint, "region_name": settings.region}
        self._tables: Any = boto3.client("dynamodb", **options)
        self._streams: Any = boto3.client("dynamodbstreams", **options)
        self._table = settings.workspace_table
        self._function = function
        self._consumer = consumer
        self._iterators: dict[str, str | None] = {}
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
        arn = self._tables.describe_table(TableName=self._table)["Table"]["LatestStreamArn"]
        shards = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        busy = False
        for shard in shards:
            shard_id = shard["ShardId"]
            if shard_id not in self._iterators:
                self._iterators[shard_id] = self._first_iterator({"StreamArn": arn, "ShardId": shard_id})
            busy = self._read(shard_id) or busy
        return busy

    def _first_iterator(self, shard: dict[str, str]) -> str:
        reached = directory.read(self._cursor(shard["ShardId"]), Reached)
        if reached is not None:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": reached.sequence}
            try:
                return str(self._streams.get_shard_iterator(**shard, **place)["ShardIterator"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                    raise
        oldest = self._streams.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")
        return str(oldest["ShardIterator"])

    def _read(self, shard_id: str) -> bool:
        iterator = self._iterators[shard_id]
        if iterator is None:
            return False
        answer = self._streams.get_records(ShardIterator=iterator, Limit=200)
        records = answer["Records"]
        if records and self._function({"Records": records}, None)["batchItemFailures"]:
            return False
        if records:
            reached = Reached(records[-1]["dynamodb"]["SequenceNumber"])
            directory.write(self._cursor(shard_id), reached)
        self._iterators[shard_id] = answer.get("NextShardIterator")
        return bool(records)

    def _cursor(self, shard_id: str) -> Key:
        return f"cursor#{self._consumer}", shard_id
