"""Bringing a stack up, whatever state it is found in, and saying why where that does not work."""

from __future__ import annotations

import pytest

from infra.tools.stack import Stack
from infra.tools.stages import Refusal
from tests.infra.cloud import CloudFormation

DECLARED = {"DomainName", "Relays"}


def stack_of(cloud: CloudFormation) -> Stack:
    return Stack(cloud, "handrail-dev", pause=lambda: None)


def bring_up(cloud: CloudFormation, **chosen: str) -> bool:
    return stack_of(cloud).bring_to("https://s3.example/template.json", DECLARED, chosen)


def test_a_first_deployment_creates_the_stack() -> None:
    cloud = CloudFormation()
    assert bring_up(cloud, DomainName="h.example") is True
    assert cloud.calls == ["create_change_set CREATE", "execute_change_set"]
    assert cloud.asked["Parameters"] == [{"ParameterKey": "DomainName", "ParameterValue": "h.example"}]
    assert set(cloud.asked["Capabilities"]) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}


def test_a_later_one_updates_it_and_keeps_the_parameters_that_are_not_given() -> None:
    cloud = CloudFormation("CREATE_COMPLETE")
    cloud.parameters = [
        {"ParameterKey": "DomainName", "ParameterValue": "h.example"},
        {"ParameterKey": "NoLonger", "ParameterValue": "x"},
    ]
    assert bring_up(cloud) is True
    assert cloud.calls == ["create_change_set UPDATE", "execute_change_set"]
    assert cloud.asked["Parameters"] == [{"ParameterKey": "DomainName", "UsePreviousValue": True}]


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_one_that_changes_nothing_leaves_nothing_behind(reason: str) -> None:
    cloud = CloudFormation("UPDATE_COMPLETE")
    cloud.change_set = ("FAILED", reason)
    assert bring_up(cloud) is False
    assert cloud.calls == ["create_change_set UPDATE", "delete_change_set"]


def test_a_template_that_is_not_taken_is_refused_with_the_reason() -> None:
    cloud = CloudFormation("UPDATE_COMPLETE")
    cloud.change_set = ("FAILED", "Transform AWS::Serverless-2016-10-31 failed with: no such thing")
    with pytest.raises(Refusal, match="does not take the template: Transform AWS::Serverless"):
        bring_up(cloud)
    assert "execute_change_set" not in cloud.calls


def test_a_change_that_fails_is_told_with_what_failed_first() -> None:
    cloud = CloudFormation("UPDATE_COMPLETE")
    cloud.outcome = "UPDATE_ROLLBACK_COMPLETE"
    cloud.failures = [("RelayService", "no capacity"), ("Cdn", "Resource creation cancelled")]
    with pytest.raises(Refusal) as refusal:
        bring_up(cloud)
    first, *rest = str(refusal.value).splitlines()
    assert first == "The stack handrail-dev was not brought up (UPDATE_ROLLBACK_COMPLETE):"
    assert rest == ["  RelayService: no capacity"]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_what_never_came_up_is_made_anew(status: str) -> None:
    cloud = CloudFormation(status)
    assert bring_up(cloud) is True
    assert cloud.calls == ["delete_stack", "create_change_set CREATE", "execute_change_set"]


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_that_cannot_be_changed_now_is_left_alone(status: str) -> None:
    cloud = CloudFormation(status)
    with pytest.raises(Refusal, match=status):
        bring_up(cloud)
    assert cloud.calls == []


def test_a_stack_that_is_not_there_has_no_outputs() -> None:
    assert stack_of(CloudFormation()).outputs() == {}
    assert stack_of(CloudFormation("CREATE_COMPLETE")).outputs() == {"Secret": "arn:secret"}
