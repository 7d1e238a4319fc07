"""The tables that are deployed are the tables that are tested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.kernel import store
from chalicelib.kernel.store import DirectoryItem, WorkspaceItem
from chalicelib.onebox.program import Program

TEMPLATE = Path(__file__).parents[2] / "infra" / "tables.json"
Table = type[WorkspaceItem] | type[DirectoryItem]


def deployed(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = json.loads(TEMPLATE.read_text())["Resources"][name]["Properties"]
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
    template, table = deployed(name), described(model)
    assert by_name(template["KeySchema"]) == by_name(table["KeySchema"])
    assert by_name(template["AttributeDefinitions"]) == by_name(table["AttributeDefinitions"])
    assert indexes(template) == indexes(table)
    stream = template.get("StreamSpecification", {}).get("StreamViewType")
    assert stream == table.get("StreamSpecification", {}).get("StreamViewType")


@pytest.mark.parametrize("model", [WorkspaceItem, DirectoryItem])
def test_items_whose_time_is_over_are_removed_from_both_tables(program: Program, model: Table) -> None:
    request = {"TableName": model.Meta.table_name}
    answer = store.connection().client._make_api_call("DescribeTimeToLive", request)
    assert answer["TimeToLiveDescription"] == {"AttributeName": "ttl", "TimeToLiveStatus": "ENABLED"}
