"""The file: what was acknowledged survives, who may open it, and what it says when it cannot be opened."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from chalicelib.onebox.engine import (
    Engine,
    EngineClosed,
    EngineError,
    EngineLocked,
    EngineTooNew,
    EngineUnwritable,
)

ROOT = Path(__file__).resolve().parents[3]

STORM = """
import itertools, sys, threading
from pathlib import Path
from chalicelib.onebox.engine import Engine

engine = Engine.open(Path(sys.argv[1]))
said = threading.Lock()

def write(worker):
    for number in itertools.count():
        items = [{"p": {"S": f"w{worker}"}, "r": {"N": str(2 * number + half)}} for half in (0, 1)]
        puts = [{"Put": {"TableName": "things", "Item": item}} for item in items]
        engine.call("TransactWriteItems", {"TransactItems": puts})
        with said:
            print(worker, number, flush=True)

for worker in range(4):
    threading.Thread(target=write, args=(worker,)).start()
"""


def test_every_acknowledged_write_survives_kill_9_and_none_is_half_done(engine: Engine, database: Path) -> None:
    engine.close()
    storm = subprocess.Popen([sys.executable, "-c", STORM, str(database)], cwd=ROOT, stdout=subprocess.PIPE)
    assert storm.stdout is not None
    said = [storm.stdout.readline() for _ in range(300)]
    os.kill(storm.pid, signal.SIGKILL)
    said += storm.stdout.readlines()
    storm.stdout.close()
    storm.wait()
    acknowledged = [tuple(map(int, line.split())) for line in said if line.endswith(b"\n")]
    assert len(acknowledged) >= 300

    again = Engine.open(database)
    found = {worker: partition(again, f"w{worker}") for worker in range(4)}
    changes = again.changes(0, 100_000)
    again.close()
    for worker, number in acknowledged:
        assert {2 * number, 2 * number + 1} <= found[worker]
    for numbers in found.values():
        assert {number ^ 1 for number in numbers} == numbers
    assert [change.sequence for change in changes] == list(range(1, len(changes) + 1))
    assert len(changes) == sum(map(len, found.values()))


def partition(engine: Engine, name: str) -> set[int]:
    numbers: set[int] = set()
    start: dict[str, object] = {}
    while True:
        page = engine.call(
            "Query",
            {
                "TableName": "things",
                "KeyConditionExpression": "p = :p",
                "ExpressionAttributeValues": {":p": {"S": name}},
                **start,
            },
        )
        items = page["Items"]
        assert isinstance(items, list)
        numbers |= {int(item["r"]["N"]) for item in items}
        if "LastEvaluatedKey" not in page:
            return numbers
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def test_no_update_is_lost_when_eight_threads_compare_and_set(engine: Engine) -> None:
    key = {"p": {"S": "counter"}}
    engine.call("PutItem", {"TableName": "plain", "Item": {**key, "n": {"N": "0"}}})

    def count(_: int) -> int:
        lost = 0
        for _ in range(25):
            while True:
                item = engine.call("GetItem", {"TableName": "plain", "Key": key, "ConsistentRead": True})["Item"]
                assert isinstance(item, dict)
                seen = item["n"]
                try:
                    engine.call(
                        "UpdateItem",
                        {
                            "TableName": "plain",
                            "Key": key,
                            "UpdateExpression": "SET n = n + :one",
                            "ConditionExpression": "n = :seen",
                            "ExpressionAttributeValues": {":one": {"N": "1"}, ":seen": seen},
                        },
                    )
                    break
                except ClientError as failure:
                    if failure.response["Error"]["Code"] != "ConditionalCheckFailedException":
                        raise
                    lost += 1
        return lost

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(8)))
    assert engine.call("GetItem", {"TableName": "plain", "Key": key})["Item"] == {**key, "n": {"N": "200"}}


def test_a_reader_sees_what_another_thread_was_told_is_written(engine: Engine) -> None:
    def round_trip(number: int) -> bool:
        key = {"p": {"S": f"k{number}"}}
        writer = threading.Thread(
            target=engine.call, args=("PutItem", {"TableName": "plain", "Item": {**key, "n": {"N": "1"}}})
        )
        writer.start()
        writer.join()
        return "Item" in engine.call("GetItem", {"TableName": "plain", "Key": key})

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(round_trip, range(40)))


def test_a_second_process_is_refused(engine: Engine, database: Path) -> None:
    attempt = (
        "import sys; from pathlib import Path; from chalicelib.onebox.engine import *\n"
        "try: Engine.open(Path(sys.argv[1]))\n"
        "except EngineLocked as refusal: print(refusal)"
    )
    second = subprocess.run(
        [sys.executable, "-c", attempt, str(database)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert second.stdout.strip() == f"{database} is in use by another process (pid {os.getpid()})"


def test_the_same_process_cannot_open_it_twice_either(engine: Engine, database: Path) -> None:
    with pytest.raises(EngineLocked):
        Engine.open(database)


def test_it_can_be_opened_again_after_closing(engine: Engine, database: Path) -> None:
    engine.call("PutItem", {"TableName": "plain", "Item": {"p": {"S": "kept"}}})
    engine.close()
    again = Engine.open(database)
    assert again.call("ListTables", {})["TableNames"] == ["plain", "things"]
    assert again.call("GetItem", {"TableName": "plain", "Key": {"p": {"S": "kept"}}})["Item"]
    again.close()


def test_a_closed_engine_says_so(engine: Engine) -> None:
    engine.close()
    engine.close()
    with pytest.raises(EngineClosed):
        engine.call("GetItem", {"TableName": "plain", "Key": {"p": {"S": "x"}}})


def test_a_newer_database_is_refused_and_left_alone(engine: Engine, database: Path) -> None:
    engine.close()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(EngineTooNew, match="version 99"):
        Engine.open(database)
    assert database.read_bytes() == before


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(EngineUnwritable, match="not a Handrail database"):
        Engine.open(path)


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to look like one" * 30])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.sqlite"
    path.write_bytes(content)
    with pytest.raises(EngineUnwritable):
        Engine.open(path)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineUnwritable) as refusal:
        Engine.open(tmp_path / "file" / "below" / "engine.sqlite")
    assert isinstance(refusal.value, EngineError)
    assert "\n" not in str(refusal.value)
