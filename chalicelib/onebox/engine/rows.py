"""Items as rows. One SQLite table for each DynamoDB table, one index for each of its indexes.

t<number>: h, r   the key, as ordered bytes        ttl   seconds, where TTL is on
           item   msgpack of the wire form         size  DynamoDB's accounting
           h<i>, r<i>   keys of index i, NULL when the item is not in it (a local index uses h)
"""

import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from chalicelib.onebox.engine.schema import Index, KeyBytes, Table
from chalicelib.onebox.engine.values import Item

_decode_item = msgspec.msgpack.Decoder(dict[str, dict[str, Any]]).decode
_encode_item = msgspec.msgpack.Encoder().encode


class Statements(NamedTuple):
    fetch: str
    store: str
    erase: str


def create(connection: sqlite3.Connection, table: Table) -> None:
    name = f"t{table.number}"
    columns = "".join(f", {column} BLOB" for column in _index_columns(table))
    connection.execute(
        f"CREATE TABLE {name} (h BLOB NOT NULL, r BLOB NOT NULL, item BLOB NOT NULL, size INTEGER NOT NULL,"
        f" ttl INTEGER{columns}, PRIMARY KEY (h, r)) WITHOUT ROWID"
    )
    connection.execute(f"CREATE INDEX {name}_ttl ON {name} (ttl) WHERE ttl IS NOT NULL")
    for position, index in enumerate(table.indexes):
        keys = ", ".join(dict.fromkeys((*index_columns(index, position), "h", "r")))
        sparse = presence(index, position)
        connection.execute(f"CREATE INDEX {name}_{position} ON {name} ({keys}) WHERE {sparse} IS NOT NULL")


def drop(connection: sqlite3.Connection, table: Table) -> None:
    connection.execute(f"DROP TABLE t{table.number}")


def index_columns(index: Index, position: int) -> tuple[str, ...]:
    first = f"h{position}" if index.is_global else "h"
    return (first,) if index.keys.range is None else (first, f"r{position}")


def presence(index: Index, position: int) -> str:
    """The column that is NULL for items which are not in the index."""
    return f"h{position}" if index.is_global else f"r{position}"


def fetch(connection: sqlite3.Connection, table: Table, key: KeyBytes) -> Item | None:
    row = connection.execute(_statements(table).fetch, key).fetchone()
    return None if row is None else decode(row[0])


def store(connection: sqlite3.Connection, table: Table, key: KeyBytes, item: Item, size: int) -> None:
    values: list[object] = [*key, _encode_item(item), size, ttl_of(table, item)]
    for index in table.indexes:
        present = index.holds(item)
        attributes = index.keys.attributes if index.is_global else index.keys.attributes[1:]
        values += [attribute.encode(item[attribute.name]) if present else None for attribute in attributes]
    connection.execute(_statements(table).store, values)


def erase(connection: sqlite3.Connection, table: Table, key: KeyBytes) -> None:
    connection.execute(_statements(table).erase, key)


def ttl_of(table: Table, item: Item) -> int | None:
    value = item.get(table.ttl_attribute) if table.ttl_attribute else None
    if value is None or "N" not in value:
        return None
    seconds = float(value["N"])
    return int(seconds) if 0 <= seconds < 2**53 else None


def expired(connection: sqlite3.Connection, table: Table, since: int, until: int, limit: int) -> list[Item]:
    rows = connection.execute(
        f"SELECT item FROM t{table.number} INDEXED BY t{table.number}_ttl"
        " WHERE ttl >= ? AND ttl <= ? ORDER BY ttl LIMIT ?",
        (since, until, limit),
    )
    return [decode(item) for (item,) in rows.fetchall()]


def refresh_ttl(connection: sqlite3.Connection, table: Table) -> None:
    """Recompute the TTL of every row, when TTL is switched on or off."""
    name = f"t{table.number}"
    rows = connection.execute(f"SELECT h, r, item FROM {name}")
    times = [(ttl_of(table, decode(item)), h, r) for h, r, item in rows]
    connection.executemany(f"UPDATE {name} SET ttl = ? WHERE h = ? AND r = ?", times)


def totals(connection: sqlite3.Connection, table: Table) -> tuple[int, int]:
    query = f"SELECT count(*), coalesce(sum(size), 0) FROM t{table.number}"
    count, size = connection.execute(query).fetchone()
    return count, size


def decode(item: bytes) -> Item:
    return _decode_item(item)


def _index_columns(table: Table) -> Iterator[str]:
    for position, index in enumerate(table.indexes):
        yield from (column for column in index_columns(index, position) if column != "h")


@lru_cache(maxsize=256)
def _statements(table: Table) -> Statements:
    name = f"t{table.number}"
    columns = ["h", "r", "item", "size", "ttl", *_index_columns(table)]
    marks = ", ".join("?" * len(columns))
    updates = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
    return Statements(
        fetch=f"SELECT item FROM {name} WHERE h = ? AND r = ?",
        store=f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"
        f" ON CONFLICT (h, r) DO UPDATE SET {updates}",
        erase=f"DELETE FROM {name} WHERE h = ? AND r = ?",
    )
