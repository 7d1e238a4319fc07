"""Feeds the stream function from any DynamoDB endpoint's own streams (`HANDRAIL_DYNAMODB_ENDPOINT`).

It begins with the oldest records that the endpoint still has; what was served before is known to the relay.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from chalicelib.kernel.settings import Settings
from chalicelib.onebox.pump import StreamFunction

_QUIET = 0.1
log = logging.getLogger("handrail.pump")


class RemotePump:
    def __init__(self, settings: Settings, function: StreamFunction) -> None:
        import boto3

        options = {"endpoint_url": settings.dynamodb_endpoint, "region_name": settings.region}
        self._tables: Any = boto3.client("dynamodb", **options)
        self._streams: Any = boto3.client("dynamodbstreams", **options)
        self._table = settings.workspace_table
        self._function = function
        self._iterators: dict[str, str | None] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

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
                first = self._streams.get_shard_iterator(
                    StreamArn=arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
                )
                self._iterators[shard_id] = first["ShardIterator"]
            busy = self._read(shard_id) or busy
        return busy

    def _read(self, shard_id: str) -> bool:
        iterator = self._iterators[shard_id]
        if iterator is None:
            return False
        answer = self._streams.get_records(ShardIterator=iterator, Limit=200)
        records = answer["Records"]
        if records and self._function({"Records": records}, None)["batchItemFailures"]:
            return False
        self._iterators[shard_id] = answer.get("NextShardIterator")
        return bool(records)
