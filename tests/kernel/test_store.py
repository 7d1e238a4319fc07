"""The tables that are deployed are the tables that are tested."""

from __future__ import annotations

from typing import Any, cast

import pytest

from chalicelib.kernel import store
from chalicelib.kernel.store import DirectoryItem, WorkspaceItem
from chalicelib.onebox.program import Program
from infra.tools import template

Table = type[WorkspaceItem] | type[DirectoryItem]


def deployed(name: str) -> dict[str, Any]:
    tables = cast(dict[str, Any], template.fragment(template.FOLDER / "tables.yaml"))
    properties: dict[str, Any] = tables["Resources"][name]["Properties"]
    return properties


def described(model: Table) -> dict[str, Any]:
    answer = store.connection().dispatch("DescribeTable", {"TableName": model.Meta.table_name})
    table: dict[str, Any] = answer["Table"]
    return table


def indexes(table: dict[str, Any]) -> dict[str, tuple[object, object]]:
    found = table.get("LocalSecondaryIndexes", [])
    return {one["IndexName"]: (by_name(one["KeySchema"]), one["Projection"]["ProjectionType"]) for one in found}


def by_name(definitions: list[dict[str, str]]) -> dict[str, str]:
    return {one["AttributeName"]: one.get("KeyType") or one["AttributeType"] for one in definitions}


@pytest.mark.parametrize(("name", "model"), [("WorkspaceTable", WorkspaceItem), ("DirectoryTable", DirectoryItem)])
def test_the_template_and_the_models_describe_the_same_table(program: Program, name: str, model: Table) -> None:
    definition, table = deployed(name), described(model)
    assert by_name(definition["KeySchema"]) == by_name(table["KeySchema"])
    assert by_name(definition["AttributeDefinitions"]) == by_name(table["AttributeDefinitions"])
    assert indexes(definition) == indexes(table)


def test_the_stream_of_the_workspace_table_shows_items_as_they_were_and_are(program: Program) -> None:
    stream = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert deployed("WorkspaceTable")["StreamSpecification"] == stream
    assert described(WorkspaceItem)["StreamSpecification"] == stream | {"StreamEnabled": True}


def test_a_table_of_an_earlier_start_gets_the_stream_it_was_made_without(program: Program) -> None:
    name = DirectoryItem.Meta.table_name
    off = {"TableName": name, "StreamSpecification": {"StreamEnabled": False}}
    store.connection().dispatch("UpdateTable", off)
    assert "StreamSpecification" not in described(DirectoryItem)
    store.create_tables()
    assert described(DirectoryItem)["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"


@pytest.mark.parametrize("model", [WorkspaceItem, DirectoryItem])
def test_items_whose_time_is_over_are_removed_from_both_tables(program: Program, model: Table) -> None:
    request = {"TableName": model.Meta.table_name}
    answer = store.connection().client._make_api_call("DescribeTimeToLive", request)
    assert answer["TimeToLiveDescription"] == {"AttributeName": "ttl", "TimeToLiveStatus": "ENABLED"}
