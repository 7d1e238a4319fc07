"""The tables that exist, and the operations on them. The catalog in memory is that of the file."""

import sqlite3

import msgspec

from chalicelib.kernel.decoding import decode
from chalicelib.onebox.engine import rows
from chalicelib.onebox.engine.definitions import description, table_from, with_stream
from chalicelib.onebox.engine.errors import Refusal, invalid, table_not_found
from chalicelib.onebox.engine.parameters import Parameters
from chalicelib.onebox.engine.schema import Table
from chalicelib.onebox.engine.storage import Storage


class Catalog:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        with storage.reading() as connection:
            definitions = connection.execute("SELECT definition FROM tables").fetchall()
        tables = (decode(definition, Table) for (definition,) in definitions)
        self._tables = {table.name: table for table in tables}

    def table(self, name: str) -> Table:
        try:
            return self._tables[name]
        except KeyError:
            raise table_not_found() from None

    def tables(self) -> list[Table]:
        return list(self._tables.values())

    def create(self, parameters: Parameters) -> dict[str, object]:
        with self._storage.writing() as connection:
            (number,) = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM tables").fetchone()
            table = table_from(parameters, number)
            if table.name in self._tables:
                raise Refusal("ResourceInUseException", f"Table already exists: {table.name}")
            rows.create(connection, table)
            _save(connection, table)
        self._tables[table.name] = table
        return {"TableDescription": description(table, 0, 0)}

    def delete(self, parameters: Parameters) -> dict[str, object]:
        table = self._described(parameters)
        with self._storage.writing() as connection:
            rows.drop(connection, table)
            connection.execute("DELETE FROM tables WHERE name = ?", (table.name,))
            self._tables.pop(table.name)
        return {"TableDescription": description(table, 0, 0) | {"TableStatus": "DELETING"}}

    def describe(self, parameters: Parameters) -> dict[str, object]:
        table = self._described(parameters)
        with self._storage.reading() as connection:
            return {"Table": description(table, *rows.totals(connection, table))}

    def update(self, parameters: Parameters) -> dict[str, object]:
        table = self._described(parameters)
        changed = with_stream(table, parameters)
        with self._storage.writing() as connection:
            _save(connection, changed)
            self._tables[table.name] = changed
            return {"TableDescription": description(changed, *rows.totals(connection, changed))}

    def names(self, parameters: Parameters) -> dict[str, object]:
        start = parameters.optional_text("ExclusiveStartTableName") or ""
        limit = parameters.integer("Limit") or 100
        names = sorted(name for name in self._tables if name > start)
        more = {"LastEvaluatedTableName": names[limit - 1]} if len(names) > limit else {}
        return {"TableNames": names[:limit], **more}

    def update_ttl(self, parameters: Parameters) -> dict[str, object]:
        table = self._described(parameters)
        given = parameters.required("TimeToLiveSpecification")
        specification = Parameters("TimeToLiveSpecification", given, ("AttributeName", "Enabled"))
        attribute, enabled = specification.text("AttributeName"), specification.flag("Enabled", default=False)
        if enabled and table.ttl_attribute is not None:
            raise invalid(
                "TimeToLive is already enabled"
                if table.ttl_attribute == attribute
                else f"TimeToLive is active on a different AttributeName: current AttributeName is "
                f"{table.ttl_attribute}"
            )
        if not enabled and table.ttl_attribute is None:
            raise invalid("TimeToLive is already disabled")
        changed = msgspec.structs.replace(table, ttl_attribute=attribute if enabled else None)
        with self._storage.writing() as connection:
            _save(connection, changed)
            rows.refresh_ttl(connection, changed)
            self._tables[table.name] = changed
        return {"TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": enabled}}

    def describe_ttl(self, parameters: Parameters) -> dict[str, object]:
        attribute = self._described(parameters).ttl_attribute
        if attribute is None:
            return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}}

    def _described(self, parameters: Parameters) -> Table:
        name = parameters.text("TableName")
        if name not in self._tables:
            raise table_not_found(name)
        return self._tables[name]


def _save(connection: sqlite3.Connection, table: Table) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO tables (name, number, definition) VALUES (?, ?, ?)",
        (table.name, table.number, msgspec.json.encode(table)),
    )
