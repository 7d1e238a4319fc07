"""What a first deployment finds and chooses, so that it needs no second attempt, and what later ones keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.tools import deploy, ground
from infra.tools.account import Account
from infra.tools.secret import Secret
from infra.tools.stack import Stack
from infra.tools.stages import Refusal
from infra.tools.upload import upload
from tests.infra.cloud import CloudFormation, refused
from tests.infra.conftest import Packaged


class Region:
    """EC2 with zones by their names, as an account sees them."""

    def __init__(self, **ids: str) -> None:
        self._ids = ids

    def describe_availability_zones(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        assert {"Name": "zone-type", "Values": ["availability-zone"]} in Filters, "no local zones"
        assert {"Name": "state", "Values": ["available"]} in Filters
        found = [{"ZoneName": name, "ZoneId": id} for name, id in self._ids.items()]
        return {"AvailabilityZones": found[::-1]}


class Roles:
    def __init__(self, error: str = "") -> None:
        self.error = error
        self.made: list[str] = []

    def create_service_linked_role(self, *, AWSServiceName: str) -> None:
        self.made.append(AWSServiceName)
        if self.error:
            raise refused("CreateServiceLinkedRole", "it has been taken in this account", self.error)


class Storage:
    """Buckets that take everything."""

    class meta:
        endpoint_url = "https://s3.example"

    def __getattr__(self, name: str) -> Any:
        return lambda **asked: {}


class Clients:
    def __init__(self, **clients: Any) -> None:
        self._clients = clients

    def client(self, service: str) -> Any:
        return self._clients[service]


def test_two_zones_are_chosen_in_which_everything_can_be() -> None:
    region = Region(a="use1-az3", b="use1-az6", c="use1-az1", d="use1-az2")
    assert ground.zones(region) == {"ZoneA": "b", "ZoneB": "c"}
    assert ground.zones(Region(a="apne2-az1", b="apne2-az2", c="apne2-az3")) == {"ZoneA": "b", "ZoneB": "c"}


def test_a_region_with_too_few_of_them_is_refused() -> None:
    with pytest.raises(Refusal, match="choose another AWS_REGION"):
        ground.zones(Region(a="usw1-az2", b="usw1-az1"))


def test_an_account_that_never_had_containers_gets_the_role_that_they_need() -> None:
    for roles in (Roles(), Roles("InvalidInput")):
        ground.allow_containers(roles)
        assert roles.made == ["ecs.amazonaws.com"]


def test_who_may_not_make_it_is_told() -> None:
    with pytest.raises(Exception, match="CreateServiceLinkedRole"):
        ground.allow_containers(Roles("AccessDenied"))


class Lambda:
    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}}


def test_the_stack_asks_for_both(packaged: Packaged) -> None:
    roles, region = Roles(), Region(a="euc1-az1", b="euc1-az2")
    at = Account("1", "eu-central-1", Clients(iam=roles, ec2=region, **{"lambda": Lambda()}))
    assert deploy._first_time(at, packaged.folder) == {"ZoneA": "a", "ZoneB": "b"}
    assert roles.made == ["ecs.amazonaws.com"]


@pytest.mark.parametrize("status", ["", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"])
def test_a_stack_that_never_came_up_has_chosen_nothing(status: str) -> None:
    cloud = CloudFormation(status)
    cloud.parameters = [{"ParameterKey": "ZoneA", "ParameterValue": "a"}]
    assert Stack(cloud, "handrail-dev").parameters() is None


def test_a_stack_that_is_there_says_what_was_chosen() -> None:
    cloud = CloudFormation("UPDATE_COMPLETE")
    cloud.parameters = [{"ParameterKey": "ZoneA", "ParameterValue": "a"}]
    assert Stack(cloud, "handrail-dev").parameters() == {"ZoneA": "a"}


def place(folder: Path, **values: str) -> str:
    at = Account("1", "eu-central-1", Clients(s3=Storage()))
    return upload(at, "dev", folder, values).template_url


def test_where_the_parameters_stay_the_same_no_function_is_published_anew(tmp_path: Path) -> None:
    template = {"Parameters": {"AlarmEmail": {"Default": ""}, "Cpu": {"Default": 512}, "ZoneA": {}}, "Resources": {}}
    (tmp_path / "sam.json").write_text(json.dumps(template))
    for name in ("deployment.zip", "layer-deployment.zip"):
        (tmp_path / name).write_text(name)
    first = place(tmp_path, ZoneA="a")
    assert place(tmp_path, ZoneA="a", AlarmEmail="", Cpu="512", NoLonger="x") == first
    assert place(tmp_path, ZoneA="a", AlarmEmail="ops@example.com") != first


class Versions:
    """Two functions: of each four versions, and the third serves."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    def get_alias(self, *, FunctionName: str, Name: str) -> dict[str, str]:
        assert Name == "live"
        return {"FunctionVersion": "3"}

    def get_paginator(self, operation: str) -> Versions:
        assert operation == "list_versions_by_function"
        return self

    def paginate(self, *, FunctionName: str) -> Any:
        yield {"Versions": [{"Version": "$LATEST"}, {"Version": "1"}]}
        yield {"Versions": [{"Version": "3"}, {"Version": "2"}]}

    def delete_function(self, *, FunctionName: str, Qualifier: str) -> None:
        self.deleted.append(f"{FunctionName}:{Qualifier}")


def test_published_versions_that_serve_no_more_are_forgotten() -> None:
    cloud, versions = CloudFormation("CREATE_COMPLETE"), Versions()
    function = {"ResourceType": "AWS::Lambda::Function", "ResourceStatus": "CREATE_COMPLETE"}
    cloud.gone = [function | {"PhysicalResourceId": name} for name in ("a", "b")]
    at = Account("1", "eu-central-1", Clients(**{"lambda": versions}))
    deploy._forget_old_versions(at, Stack(cloud, "handrail-dev"))
    assert versions.deleted == ["a:1", "a:2", "b:1", "b:2"]


@pytest.mark.parametrize(("stage", "protected"), [("dev", False), ("prod", True)])
def test_prod_cannot_be_deleted_by_accident(
    stage: str, protected: bool, both: dict[str, Packaged], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = CloudFormation("CREATE_COMPLETE")
    outputs = {"OriginSecret": "o", "Secret": "s", "Url": "https://h.example"}
    monkeypatch.setattr(Stack, "outputs", lambda stack: outputs)
    monkeypatch.setattr(Secret, "complete", lambda *_: False)
    monkeypatch.setattr(deploy, "Site", lambda *_: type("Published", (), {"publish": lambda *_: "It is there."}))
    secrets = type("Secrets", (), {"get_secret_value": lambda *_, SecretId: {"SecretString": "x"}})()
    clients = Clients(s3=Storage(), cloudfront=None, secretsmanager=secrets, **{"lambda": Versions()})
    stack = Stack(cloud, f"handrail-{stage}", pause=lambda: None)
    at = Account("1", "eu-central-1", clients)
    assert deploy.deploy(stage, both[stage].folder, {}, at, stack, lambda said: None) == "https://h.example"
    assert cloud.protected is protected
