"""A table's shape: keys, indexes, TTL, stream; and how key attributes become ordered bytes.

An item is in an index when it has all of the index's key attributes. Key bytes sort as DynamoDB sorts the
values, and values of one type only ever share a column.
"""

from typing import Literal, TypeAlias

import msgspec

from chalicelib.onebox.engine import numerals
from chalicelib.onebox.engine.errors import invalid, invalid_parameters, invalid_values
from chalicelib.onebox.engine.values import AttributeValue, Item, type_of

MAX_HASH_BYTES = 2048
MAX_RANGE_BYTES = 1024

KeyBytes: TypeAlias = tuple[bytes, bytes]
StreamView: TypeAlias = Literal["NEW_AND_OLD_IMAGES", "KEYS_ONLY"]


class KeyAttribute(msgspec.Struct, frozen=True):
    name: str
    type: Literal["S", "N", "B"]

    def encode(self, value: AttributeValue) -> bytes:
        content = value[self.type]
        if self.type == "S":
            return str(content).encode()
        return numerals.sortable(content) if self.type == "N" else bytes(content)


class KeySchema(msgspec.Struct, frozen=True):
    hash: KeyAttribute
    range: KeyAttribute | None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        return (self.hash,) if self.range is None else (self.hash, self.range)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)


class Index(msgspec.Struct, frozen=True):
    name: str
    is_global: bool
    keys: KeySchema
    projection: Literal["ALL", "KEYS_ONLY", "INCLUDE"]
    included: tuple[str, ...] = ()

    def holds(self, item: Item) -> bool:
        return all(name in item for name in self.keys.names)


class Table(msgspec.Struct, frozen=True, eq=False):
    """Stored as JSON in the catalog; `number` names its SQLite table. Compared by identity, for caches."""

    name: str
    number: int
    keys: KeySchema
    indexes: tuple[Index, ...]
    streamed: bool
    created: float
    stream_label: str
    ttl_attribute: str | None = None
    view: StreamView = "NEW_AND_OLD_IMAGES"

    def index(self, name: str) -> Index:
        for index in self.indexes:
            if index.name == name:
                return index
        raise invalid(f"The table does not have the specified index: {name}")

    def projected_names(self, index: Index) -> frozenset[str] | None:
        """The attributes an index carries; None means all of them."""
        if index.projection == "ALL":
            return None
        return frozenset((*self.keys.names, *index.keys.names, *index.included))

    def key_of(self, item: Item) -> Item:
        return {name: item[name] for name in self.keys.names}

    def key_bytes(self, key: Item) -> KeyBytes:
        """`key` has passed `check_key` or `check_item`."""
        sort = self.keys.range
        return (
            self.keys.hash.encode(key[self.keys.hash.name]),
            b"" if sort is None else sort.encode(key[sort.name]),
        )

    def check_key(self, key: Item) -> None:
        if key.keys() != set(self.keys.names):
            raise invalid("The provided key element does not match the schema")
        for attribute in self.keys.attributes:
            if type_of(key[attribute.name]) != attribute.type:
                raise invalid("The provided key element does not match the schema")
        self._check_key_values(key)

    def check_item(self, item: Item) -> None:
        for attribute in self.keys.attributes:
            value = item.get(attribute.name)
            if value is None:
                raise invalid_parameters(f"Missing the key {attribute.name} in the item")
            if type_of(value) != attribute.type:
                raise invalid_parameters(
                    f"Type mismatch for key {attribute.name} expected: {attribute.type} actual: {type_of(value)}"
                )
        self._check_key_values(item)
        self.check_index_keys(item)

    def check_index_keys(self, item: Item) -> None:
        for index in self.indexes:
            for attribute in index.keys.attributes:
                value = item.get(attribute.name)
                if value is not None:
                    _check_index_key(index, attribute, value)

    def _check_key_values(self, item: Item) -> None:
        for attribute in self.keys.attributes:
            content = item[attribute.name][attribute.type]
            if content == "" or content == b"":
                kind = "string" if attribute.type == "S" else "binary"
                raise invalid_values(
                    f"The AttributeValue for a key attribute cannot contain an empty {kind} value. "
                    f"Key: {attribute.name}"
                )
        hash_bytes, range_bytes = self.key_bytes(item)
        if len(hash_bytes) > MAX_HASH_BYTES:
            raise invalid_parameters(f"Size of hashkey has exceeded the maximum size limit of{MAX_HASH_BYTES} bytes")
        if len(range_bytes) > MAX_RANGE_BYTES:
            raise invalid_parameters(
                f"Aggregated size of all range keys has exceeded the size limit of {MAX_RANGE_BYTES} bytes"
            )


def _check_index_key(index: Index, attribute: KeyAttribute, value: AttributeValue) -> None:
    if type_of(value) != attribute.type:
        raise invalid_parameters(
            f"Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
            f"Actual: {type_of(value)} IndexName: {index.name}"
        )
    content = value[attribute.type]
    if content == "" or content == b"":
        kind = "string" if attribute.type == "S" else "binary"
        raise invalid_values(
            "A value specified for a secondary index key is not supported. The AttributeValue for a key "
            f"attribute cannot contain an empty {kind} value. "
            f"IndexName: {index.name}, IndexKey: {attribute.name}"
        )
    limit = MAX_HASH_BYTES if attribute == index.keys.hash else MAX_RANGE_BYTES
    if len(attribute.encode(value)) > limit:
        raise invalid_parameters(
            f"Size of an index key has exceeded the maximum size limit of {limit} bytes. "
            f"IndexName: {index.name}, IndexKey: {attribute.name}"
        )
