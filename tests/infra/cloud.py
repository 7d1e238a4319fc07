"""CloudFormation as the tools see it, in memory: what a test says is what happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError


def refused(operation: str, message: str, code: str = "ValidationError") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class CloudFormation:
    """One stack. `outcome` is the status that the next change ends with; `change_set` how the next set is taken."""

    def __init__(self, status: str = "") -> None:
        self.status = status
        self.parameters: list[dict[str, Any]] = []
        self.outcome = ""
        self.change_set: tuple[str, str] = ("CREATE_COMPLETE", "")
        self.failures: list[tuple[str, str]] = []
        self.calls: list[str] = []
        self.asked: dict[str, Any] = {}
        self.protected = False
        self.gone: list[dict[str, str]] = []
        self._pending: list[str] = []

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        if self._pending:
            self.status = self._pending.pop(0)
        if not self.status:
            raise refused("DescribeStacks", f"Stack with id {StackName} does not exist")
        outputs = [{"OutputKey": "Secret", "OutputValue": "arn:secret"}]
        return {"Stacks": [{"StackStatus": self.status, "Parameters": self.parameters, "Outputs": outputs}]}

    def create_change_set(self, **asked: Any) -> None:
        self.calls.append(f"create_change_set {asked['ChangeSetType']}")
        self.asked = asked

    def describe_change_set(self, *, StackName: str, ChangeSetName: str) -> dict[str, str]:
        status, reason = self.change_set
        return {"Status": status, "StatusReason": reason}

    def delete_change_set(self, *, StackName: str, ChangeSetName: str) -> None:
        self.calls.append("delete_change_set")

    def execute_change_set(self, *, StackName: str, ChangeSetName: str) -> None:
        self.calls.append("execute_change_set")
        kind = self.asked["ChangeSetType"]
        self._pending = [f"{kind}_IN_PROGRESS", self.outcome or f"{kind}_COMPLETE"]

    def delete_stack(self, *, StackName: str) -> None:
        self.calls.append("delete_stack")
        self._pending = ["DELETE_IN_PROGRESS", self.outcome] if self.outcome else ["DELETE_IN_PROGRESS", ""]

    def describe_stack_events(self, *, StackName: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        events = [
            {
                "LogicalResourceId": name,
                "ResourceStatus": "CREATE_FAILED",
                "ResourceStatusReason": reason,
                "Timestamp": now,
            }
            for name, reason in reversed(self.failures)
        ]
        return {"StackEvents": events}

    def update_termination_protection(self, *, StackName: str, EnableTerminationProtection: bool) -> None:
        self.protected = EnableTerminationProtection

    def get_paginator(self, operation: str) -> CloudFormation:
        assert operation == "list_stack_resources"
        return self

    def paginate(self, *, StackName: str) -> Iterator[dict[str, Any]]:
        kept = {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "files", "ResourceStatus": "CREATE_COMPLETE"}
        yield {"StackResourceSummaries": [kept, *self.gone]}
