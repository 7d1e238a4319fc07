"""A CloudFormation stack: brought to a template through a change set, or taken away."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from infra.tools.stages import Refusal

# The template has roles, and names the Serverless transform, which AWS carries out.
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
# Nothing of it works, so it is made anew.
NEVER_WAS = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"}
NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
MOST_REASONS = 5

Outputs = dict[str, str]


class Stack:
    def __init__(self, cloudformation: Any, name: str, pause: Callable[[], None] = lambda: time.sleep(5)) -> None:
        self._api, self.name, self._pause = cloudformation, name, pause

    def describe(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._api.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def outputs(self) -> Outputs:
        found = self.describe() or {}
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    def parameters(self) -> dict[str, str] | None:
        """The values that its parameters have; None where it has to be created."""
        found = self.describe()
        if found is None or found["StackStatus"] in NEVER_WAS:
            return None
        return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}

    def physical_ids(self, kind: str) -> list[str]:
        """The names that AWS has given to the stack's resources of a type, of those that are there."""
        pages = self._api.get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [one for page in pages for one in page["StackResourceSummaries"] if one["ResourceType"] == kind]
        return [str(one["PhysicalResourceId"]) for one in found if one["ResourceStatus"] != "DELETE_COMPLETE"]

    def protect(self) -> None:
        """Let nobody delete the stack by accident."""
        self._api.update_termination_protection(StackName=self.name, EnableTerminationProtection=True)

    def bring_to(self, template_url: str, declared: set[str], chosen: Mapping[str, str]) -> bool:
        """Make the stack what the template says; whether anything had to be changed.

        `declared` are the template's parameters. Those that are not in `chosen` keep the value they have.
        """
        present = self._ready()
        known = {one["ParameterKey"] for one in (present or {}).get("Parameters", [])}
        parameters: list[dict[str, object]] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in sorted(chosen.items())
        ]
        kept = sorted((declared & known) - chosen.keys())
        parameters += [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]
        change = f"deploy-{datetime.now(UTC):%Y%m%d%H%M%S%f}"
        begun = datetime.now(UTC)
        self._api.create_change_set(
            StackName=self.name,
            ChangeSetName=change,
            ChangeSetType="UPDATE" if present else "CREATE",
            TemplateURL=template_url,
            Parameters=parameters,
            Capabilities=CAPABILITIES,
            Tags=[{"Key": "application", "Value": "handrail"}],
        )
        if not self._has_changes(change):
            self._api.delete_change_set(StackName=self.name, ChangeSetName=change)
            return False
        self._api.execute_change_set(StackName=self.name, ChangeSetName=change)
        status = self._settled()
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise Refusal(f"The stack {self.name} was not brought up ({status}):\n{self._reasons(begun)}")
        return True

    def delete(self) -> None:
        begun = datetime.now(UTC)
        self._api.delete_stack(StackName=self.name)
        status = self._settled()
        if status != "DELETE_COMPLETE":
            raise Refusal(f"The stack {self.name} was not deleted ({status}):\n{self._reasons(begun)}")

    def _ready(self) -> dict[str, Any] | None:
        """The stack as it is, once it can be changed; None where it has to be created."""
        present = self.describe()
        if present is None:
            return None
        status = present["StackStatus"]
        if status in NEVER_WAS:
            self.delete()
            return None
        if status.endswith("_IN_PROGRESS"):
            raise Refusal(
                f"The stack {self.name} is being changed by somebody ({status}): try again when that is done."
            )
        if status.endswith("_FAILED"):
            raise Refusal(
                f"The stack {self.name} is stuck ({status}): look at its events in the CloudFormation console."
            )
        return present

    def _has_changes(self, change: str) -> bool:
        while True:
            found = self._api.describe_change_set(StackName=self.name, ChangeSetName=change)
            status, reason = found["Status"], found.get("StatusReason", "")
            if status == "CREATE_COMPLETE":
                return True
            if status == "FAILED":
                if any(words in reason for words in NO_CHANGE):
                    return False
                raise Refusal(f"CloudFormation does not take the template: {reason}")
            self._pause()

    def _settled(self) -> str:
        while True:
            found = self.describe()
            status = "DELETE_COMPLETE" if found is None else str(found["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
            self._pause()

    def _reasons(self, begun: datetime) -> str:
        """What failed first, as CloudFormation tells it."""
        events = self._api.describe_stack_events(StackName=self.name)["StackEvents"]
        lines = [
            f"  {event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            for event in reversed(events)
            if event["ResourceStatus"].endswith("_FAILED")
            and event["Timestamp"] >= begun
            and "cancelled" not in event.get("ResourceStatusReason", "cancelled")
        ]
        return "\n".join(lines[:MOST_REASONS]) or "  CloudFormation gives no reason."
