"""The embedded engine's figures at 100,000 items, through PynamoDB: `python -m tests.bench.engine`."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.connection import Connection
from pynamodb.indexes import AllProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.onebox.engine import Engine, installed

PARTITIONS, ITEMS_EACH = 100, 1000
ROUNDS = 1000
BOUNDS = {"get": 0.3, "put": 0.6, "query of 50": 1.5, "transaction of 3": 1.0}


class ByState(LocalSecondaryIndex["Entity"]):
    class Meta:
        index_name = "by_state"
        projection = AllProjection()

    workspace_id = UnicodeAttribute(hash_key=True)
    state_key = UnicodeAttribute(range_key=True)


class Entity(Model):
    class Meta:
        table_name = "bench"
        region = "local"
        billing_mode = "PAY_PER_REQUEST"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    workspace_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    title = UnicodeAttribute()
    body = UnicodeAttribute()
    state_key = UnicodeAttribute()
    assignee = UnicodeAttribute()
    created = NumberAttribute()
    updated = NumberAttribute()
    version = VersionAttribute()
    by_state = ByState()


def entity(partition: int, number: int) -> Entity:
    return Entity(
        f"ws-{partition:04}",
        f"task#{number:06}",
        title=f"Task {number} of {partition}",
        body="What is to be done, in a sentence or four. " * 5,
        state_key=f"open#{number:06}",
        assignee="agent",
        created=1_700_000_000 + number,
        updated=1_700_000_000 + number,
    )


def fill() -> None:
    for partition in range(PARTITIONS):
        with Entity.batch_write() as batch:
            for number in range(ITEMS_EACH):
                batch.save(entity(partition, number))


def measure(name: str, work: Callable[[int], object]) -> None:
    taken = []
    for turn in range(ROUNDS):
        start = time.perf_counter()
        work(turn)
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    print(
        f"{name:18} p50 {statistics.median(taken):6.3f} ms   p99 {taken[int(ROUNDS * 0.99)]:6.3f} ms"
        f"   bound {BOUNDS[name]} ms"
    )


def get(turn: int) -> object:
    return Entity.get(f"ws-{turn % PARTITIONS:04}", f"task#{turn * 37 % ITEMS_EACH:06}", consistent_read=True)


def put(turn: int) -> object:
    return entity(turn % PARTITIONS, ITEMS_EACH + turn).save()


def query(turn: int) -> object:
    start = f"task#{turn * 13 % (ITEMS_EACH - 50):06}"
    return list(Entity.query(f"ws-{turn % PARTITIONS:04}", Entity.sk >= start, limit=50, page_size=50))


def transaction(turn: int) -> None:
    partition, number = turn % PARTITIONS, 2 * ITEMS_EACH + 3 * turn
    with TransactWrite(connection=Connection(region="local")) as write:
        for offset in range(3):
            write.save(entity(partition, number + offset))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine.open(Path(folder) / "bench.sqlite")
        with installed(engine.client):
            Entity.create_table()
            fill()
            measure("get", get)
            measure("put", put)
            measure("query of 50", query)
            measure("transaction of 3", transaction)
        engine.close()


if __name__ == "__main__":
    main()
