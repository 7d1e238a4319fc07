"""What the functions may do: each what it needs, named by its ARN."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.infra.conftest import Packaged

# AWS offers no resource to name for these.
ON_ANYTHING = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    # What a function needs to be in a private network: Lambda makes its interface, under no name known before.
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}


def statements(packaged: Packaged) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in packaged.of_type("AWS::IAM::Role").items():
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_function_has_a_role_of_its_own(packaged: Packaged) -> None:
    roles = [json.dumps(found["Properties"]["Role"]) for found in packaged.of_type("AWS::Lambda::Function").values()]
    assert len(set(roles)) == len(roles)


def test_no_action_and_no_resource_is_a_wildcard(packaged: Packaged) -> None:
    seen = 0
    for role, statement in statements(packaged):
        seen += 1
        assert statement["Effect"] == "Allow"
        assert "NotAction" not in statement
        assert "NotResource" not in statement
        for action in as_list(statement["Action"]):
            assert "*" not in action, (role, action)
        if "*" in as_list(statement["Resource"]):
            assert set(as_list(statement["Action"])) <= ON_ANYTHING, role
    assert seen >= 20


def test_no_function_may_scan_or_change_a_table(packaged: Packaged) -> None:
    allowed = {action for _, statement in statements(packaged) for action in as_list(statement["Action"])}
    forbidden = ("Scan", "CreateTable", "DeleteTable", "UpdateTable", "PartiQL", "ExportTable")
    assert not [action for action in allowed if any(part in action for part in forbidden)]
    assert "dynamodb:TransactWriteItems" not in allowed  # DynamoDB asks for the right to each of its parts


def test_each_function_reads_the_streams_that_feed_it_and_no_other(packaged: Packaged) -> None:
    readers: dict[str, set[str]] = {}
    for role, statement in statements(packaged):
        if "dynamodb:GetRecords" in as_list(statement["Action"]):
            tables = {resource["Fn::GetAtt"][0] for resource in as_list(statement["Resource"])}
            readers.setdefault(role, set()).update(tables)
    assert readers == {"StreamRole": {"WorkspaceTable", "DirectoryTable"}, "NotifyRole": {"WorkspaceTable"}}


def test_each_function_may_do_with_attachments_what_it_does_with_them(packaged: Packaged) -> None:
    done: dict[str, set[str]] = {}
    for role, statement in statements(packaged):
        actions = {action for action in as_list(statement["Action"]) if action.startswith("s3:")}
        if actions and "AttachmentsBucket" in json.dumps(statement["Resource"]):
            done.setdefault(role, set()).update(actions)
    assert done == {
        # Without the right to list, S3 says "forbidden" of what is not there.
        "ApiHandlerRole": {"s3:GetObject", "s3:PutObject", "s3:ListBucket"},
        "StreamRole": {"s3:DeleteObject"},
        "MaintenanceRole": {"s3:DeleteObject", "s3:ListBucket"},
    }
