"""The engine under real PynamoDB models, as the program uses it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pynamodb.attributes import (
    BinaryAttribute,
    DiscriminatorAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from chalicelib.onebox.engine import Engine, UnsupportedOperation, installed


class ByState(LocalSecondaryIndex["Record"]):
    class Meta:
        index_name = "by_state"
        projection = AllProjection()

    workspace_id = UnicodeAttribute(hash_key=True)
    state = UnicodeAttribute(range_key=True)


class Record(Model):
    class Meta:
        table_name = "records"
        region = "local"
        billing_mode = "PAY_PER_REQUEST"
        stream_view_type = "NEW_AND_OLD_IMAGES"

    workspace_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()
    state = UnicodeAttribute(null=True)
    version = VersionAttribute()
    ttl = TTLAttribute(null=True)
    by_state = ByState()


class Head(Record, discriminator="head"):
    seq = NumberAttribute(default=0)


class Task(Record, discriminator="task"):
    title = UnicodeAttribute()
    labels = UnicodeSetAttribute(null=True)
    digest = BinaryAttribute(legacy_encoding=False, null=True)
    thread: ListAttribute[UnicodeAttribute] = ListAttribute(null=True)
    details: MapAttribute[str, object] = MapAttribute(null=True)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine.open(tmp_path / "models.sqlite")
    with installed(engine.client):
        Record.create_table(wait=True)
        yield engine
    engine.close()


@pytest.fixture
def connection(engine: Engine) -> Connection:
    return Connection(region="local")


def test_a_model_comes_back_as_it_was_saved(engine: Engine) -> None:
    task = Task("w", "task#1", title="First", labels={"b", "a"}, digest=b"\x00\xff", thread=["one", "two"])
    task.details = {"nested": {"list": [1, "x", None, True]}}
    task.save()
    found = Record.get("w", "task#1", consistent_read=True)
    assert isinstance(found, Task)
    assert found.labels == {"a", "b"}
    # A set has no order, and the two may be written in different ones.
    assert found.serialize() | {"labels": {}} == task.serialize() | {"labels": {}}
    with pytest.raises(DoesNotExist):
        Record.get("w", "task#2")


def test_a_stale_version_loses(engine: Engine) -> None:
    Task("w", "task#1", title="First").save()
    mine, other = Task.get("w", "task#1"), Task.get("w", "task#1")
    other.update(actions=[Task.title.set("Second")])
    with pytest.raises(PutError) as put:
        mine.save()
    with pytest.raises(UpdateError) as update:
        mine.update(actions=[Task.title.set("Third")])
    assert put.value.cause_response_code == update.value.cause_response_code == "ConditionalCheckFailedException"
    assert Task.get("w", "task#1").title == "Second"


def test_a_transaction_moves_head_and_entity_together_or_not_at_all(engine: Engine, connection: Connection) -> None:
    head = Head("w", "head")
    head.save()
    with TransactWrite(connection=connection, client_request_token="first") as write:
        write.update(head, actions=[Head.seq.add(1)], condition=Head.seq == 0)
        write.save(Task("w", "task#1", title="First", state="open"))

    def too_late() -> None:
        with TransactWrite(connection=connection) as write:
            write.update(head, actions=[Head.seq.add(1)], condition=Head.seq == 0, return_values="ALL_OLD")
            write.save(Task("w", "task#2", title="Second"))

    with pytest.raises(TransactWriteError) as lost:
        too_late()
    # PynamoDB sends puts before updates.
    fine, reason = lost.value.cancellation_reasons
    assert fine is None
    assert reason is not None
    assert reason.code == "ConditionalCheckFailed"
    assert reason.raw_item is not None
    assert reason.raw_item["seq"] == {"N": "1"}
    assert [record.sk for record in Record.query("w")] == ["head", "task#1"]


def test_a_query_reads_an_index_backwards_in_pages(engine: Engine) -> None:
    with Task.batch_write() as batch:
        for number in range(30):
            batch.save(Task("w", f"task#{number:02}", title="T", state=f"open#{number:02}"))
    found = [task.sk for task in Record.by_state.query("w", ByState.state.startswith("open#"), page_size=7)]
    assert found == [f"task#{number:02}" for number in range(30)]
    newest = Record.query("w", Record.sk.startswith("task#"), scan_index_forward=False, limit=3)
    assert [task.sk for task in newest] == ["task#29", "task#28", "task#27"]
    assert newest.last_evaluated_key == {"workspace_id": {"S": "w"}, "sk": {"S": "task#27"}}
    assert Record.count("w", Record.sk < "task#10") == 10


def test_batches_and_transactions_read_several(engine: Engine, connection: Connection) -> None:
    Head("w", "head").save()
    Task("w", "task#1", title="First").save()
    found = Record.batch_get([("w", "head"), ("w", "task#1"), ("w", "absent")])
    assert {type(record) for record in found} == {Head, Task}
    with TransactGet(connection=connection) as read:
        head, absent = read.get(Head, "w", "head"), read.get(Task, "w", "absent")
    assert head.get().seq == 0
    with pytest.raises(Task.DoesNotExist):
        absent.get()


def test_a_model_with_a_ttl_expires(engine: Engine) -> None:
    task = Task("w", "task#1", title="First", ttl=timedelta(minutes=1))
    task.save()
    assert engine.expire(datetime.now(UTC).timestamp()) == 0
    assert engine.expire(datetime.now(UTC).timestamp() + 61) == 1
    assert engine.changes(0, 10)[-1].record["eventName"] == "REMOVE"


def test_a_scan_is_refused(engine: Engine) -> None:
    with pytest.raises(UnsupportedOperation, match="Scan"):
        list(Record.scan())
