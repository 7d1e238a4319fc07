"""CreateTable's parameters to a `Table`, and a `Table` to DynamoDB's description of it."""

import re
import time
from datetime import UTC, datetime
from typing import Literal, cast, get_args

import msgspec

from chalicelib.onebox.engine.errors import invalid, invalid_parameters
from chalicelib.onebox.engine.parameters import Parameters, constraint, elements
from chalicelib.onebox.engine.schema import Index, KeyAttribute, KeySchema, StreamView, Table

REGION = "local"
ACCOUNT = "000000000000"
MAX_LOCAL_INDEXES = 5
MAX_GLOBAL_INDEXES = 20

_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)
_THROUGHPUT = ("ReadCapacityUnits", "WriteCapacityUnits")
_KEY_TYPES = ("S", "N", "B")
_INDEX = ("IndexName", "KeySchema", "Projection")


def table_from(parameters: Parameters, number: int) -> Table:
    name = parameters.text("TableName")
    _check_name("TableName", name)
    types = _attribute_types(parameters)
    keys = _key_schema(parameters.required("KeySchema"), types)
    indexes = (
        *_indexes(parameters, "LocalSecondaryIndexes", keys, types),
        *_indexes(parameters, "GlobalSecondaryIndexes", keys, types),
    )
    names = [index.name for index in indexes]
    if len(set(names)) != len(names):
        raise invalid_parameters("Duplicate index name")
    used = {name for schema in (keys, *(index.keys for index in indexes)) for name in schema.names}
    if used != set(types):
        raise invalid_parameters(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    _check_billing(parameters)
    created, view = time.time(), stream_view(parameters)
    table = Table(name, number, keys, indexes, view is not None, created, stream_label(created))
    return table if view is None else msgspec.structs.replace(table, view=view)


def table_arn(table: Table) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table.name}"


def stream_arn(table: Table) -> str:
    return f"{table_arn(table)}/stream/{table.stream_label}"


def description(table: Table, item_count: int, size: int) -> dict[str, object]:
    types = {
        attribute.name: attribute.type
        for schema in (table.keys, *(index.keys for index in table.indexes))
        for attribute in schema.attributes
    }
    described: dict[str, object] = {
        "TableName": table.name,
        "TableStatus": "ACTIVE",
        "TableArn": table_arn(table),
        "TableId": f"00000000-0000-0000-0000-{table.number:012d}",
        "CreationDateTime": datetime.fromtimestamp(table.created, UTC),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        "KeySchema": _described_keys(table.keys),
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
        },
        "ItemCount": item_count,
        "TableSizeBytes": size,
    }
    for parameter, is_global in (("LocalSecondaryIndexes", False), ("GlobalSecondaryIndexes", True)):
        indexes = [_described_index(table, index) for index in table.indexes if index.is_global == is_global]
        if indexes:
            described[parameter] = indexes
    if table.streamed:
        described["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.view}
        described["LatestStreamLabel"] = table.stream_label
        described["LatestStreamArn"] = stream_arn(table)
    return described


def _described_index(table: Table, index: Index) -> dict[str, object]:
    projection: dict[str, object] = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    described: dict[str, object] = {
        "IndexName": index.name,
        "IndexArn": f"{table_arn(table)}/index/{index.name}",
        "KeySchema": _described_keys(index.keys),
        "Projection": projection,
    }
    if index.is_global:
        described["IndexStatus"] = "ACTIVE"
    return described


def _described_keys(keys: KeySchema) -> list[dict[str, str]]:
    return [
        {"AttributeName": attribute.name, "KeyType": kind}
        for attribute, kind in zip(keys.attributes, ("HASH", "RANGE"), strict=False)
    ]


def _check_name(parameter: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise constraint(parameter, name, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]{3,255}")


def _attribute_types(parameters: Parameters) -> dict[str, str]:
    types: dict[str, str] = {}
    for each in parameters.elements("AttributeDefinitions"):
        definition = Parameters("AttributeDefinitions", each, ("AttributeName", "AttributeType"))
        name = definition.text("AttributeName")
        if name in types:
            raise invalid_parameters("Duplicate AttributeName in AttributeDefinitions")
        definition.required("AttributeType")
        types[name] = definition.choice("AttributeType", _KEY_TYPES, "")
    return types


def _key_schema(given: object, types: dict[str, str]) -> KeySchema:
    attributes: list[KeyAttribute] = []
    kinds: list[str] = []
    for each in elements(given, "KeySchema"):
        element = Parameters("KeySchema", each, ("AttributeName", "KeyType"))
        name = element.text("AttributeName")
        if name not in types:
            raise invalid_parameters(
                "Some index key attributes are not defined in AttributeDefinitions. "
                f"Keys: [{name}], AttributeDefinitions: [{', '.join(types)}]"
            )
        attributes.append(KeyAttribute(name, cast(Literal["S", "N", "B"], types[name])))
        element.required("KeyType")
        kinds.append(element.choice("KeyType", ("HASH", "RANGE"), ""))
    if kinds not in (["HASH"], ["HASH", "RANGE"]):
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len({attribute.name for attribute in attributes}) != len(attributes):
        raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    return KeySchema(attributes[0], attributes[1] if len(attributes) == 2 else None)


def _indexes(parameters: Parameters, name: str, keys: KeySchema, types: dict[str, str]) -> list[Index]:
    if name not in parameters or parameters.raw(name) == []:  # PynamoDB sends an empty list for none
        return []
    is_global = name == "GlobalSecondaryIndexes"
    known = (*_INDEX, "ProvisionedThroughput") if is_global else _INDEX
    indexes = []
    for each in parameters.elements(name):
        given = Parameters(name, each, known)
        _check_name("IndexName", given.text("IndexName"))
        schema = _key_schema(given.required("KeySchema"), types)
        if not is_global:
            _check_local(schema, keys, given.text("IndexName"))
        projection, included = _projection(given)
        indexes.append(Index(given.text("IndexName"), is_global, schema, projection, included))
    limit = MAX_GLOBAL_INDEXES if is_global else MAX_LOCAL_INDEXES
    if len(indexes) > limit:
        kind = "GlobalSecondaryIndex" if is_global else "LocalSecondaryIndex"
        raise invalid_parameters(f"{kind} count exceeds the per-table limit of {limit}")
    return indexes


def _check_local(schema: KeySchema, keys: KeySchema, name: str) -> None:
    if keys.range is None:
        raise invalid_parameters(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    if schema.range is None:
        raise invalid_parameters(f"Index KeySchema does not have a range key for index: {name}")
    if schema.hash != keys.hash:
        raise invalid_parameters(
            f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. "
            f"index hash key: {schema.hash.name}, table hash key: {keys.hash.name}"
        )


def _projection(index: Parameters) -> tuple[Literal["ALL", "KEYS_ONLY", "INCLUDE"], tuple[str, ...]]:
    given = Parameters("Projection", index.required("Projection"), ("ProjectionType", "NonKeyAttributes"))
    kind = given.choice("ProjectionType", ("ALL", "INCLUDE", "KEYS_ONLY"), "")
    if kind == "":
        raise invalid_parameters("Unknown ProjectionType: null")
    included = tuple(str(name) for name in given.elements("NonKeyAttributes")) if "NonKeyAttributes" in given else ()
    if kind == "INCLUDE" and not included:
        raise invalid_parameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and included:
        raise invalid_parameters(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    return cast(Literal["ALL", "KEYS_ONLY", "INCLUDE"], kind), included


def _check_billing(parameters: Parameters) -> None:
    """Capacity is accepted and never enforced."""
    mode = parameters.choice("BillingMode", ("PROVISIONED", "PAY_PER_REQUEST"), "PROVISIONED")
    provisioned = "ProvisionedThroughput" in parameters
    if mode == "PAY_PER_REQUEST" and provisioned:
        raise invalid_parameters(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    if mode == "PROVISIONED":
        if not provisioned:
            raise invalid_parameters(
                "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
            )
        Parameters("ProvisionedThroughput", parameters.raw("ProvisionedThroughput"), _THROUGHPUT)


def stream_view(parameters: Parameters) -> StreamView | None:
    """What the stream of the table is to show; None for a table without one."""
    if "StreamSpecification" not in parameters:
        return None
    known = ("StreamEnabled", "StreamViewType")
    stream = Parameters("StreamSpecification", parameters.raw("StreamSpecification"), known)
    if not stream.flag("StreamEnabled", default=False):
        return None
    stream.required("StreamViewType")
    stream.only("StreamViewType", *get_args(StreamView))
    return cast(StreamView, stream.text("StreamViewType"))


def stream_label(created: float) -> str:
    return datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def with_stream(table: Table, parameters: Parameters) -> Table:
    """The table as UpdateTable asks for it: with a new stream, or without."""
    view = stream_view(parameters)
    if view is None:
        if not table.streamed:
            raise invalid("Table already has a disabled stream")
        return msgspec.structs.replace(table, streamed=False)
    if table.streamed:
        raise invalid("Table already has an enabled stream")
    label = stream_label(time.time())
    return msgspec.structs.replace(table, streamed=True, stream_label=label, view=view)
