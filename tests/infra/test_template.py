"""The template that is deployed: what the parts depend on of each other, and what protects what people keep."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.kernel.settings import Settings
from infra.tools import template
from infra.tools.template import TemplateError
from tests.infra.conftest import Packaged
from tests.support.venvs import AWS_TOOLS, programs

FUNCTIONS = {"APIHandler": "api", "Stream": "stream", "Notify": "notify", "Maintenance": "maintenance"}


def test_it_is_what_aws_accepts_before_and_after_the_transform(packaged: Packaged) -> None:
    files = [str(packaged.folder / name) for name in ("sam.json", "expanded.json")]
    done = subprocess.run(
        [str(programs(AWS_TOOLS) / "cfn-lint"), *files], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_chalice_names_things_as_the_fragments_do(packaged: Packaged) -> None:
    fragments = template.compose(template.files_of(packaged.stage))["Resources"]
    assert isinstance(fragments, dict)
    unknown = [name for name, found in packaged.template["Resources"].items() if "Type" not in found]
    assert unknown == []
    chalice = {name for name, part in fragments.items() if isinstance(part, dict) and "Type" not in part}
    data = {"WorkspaceTable", "DirectoryTable", "AttachmentsBucket", "Secret"}
    assert chalice - data >= FUNCTIONS.keys() | {"RestAPI", "APIHandlerInvokePermission", "ApiHandlerLogGroup"}
    for name in FUNCTIONS:
        assert packaged.template["Resources"][name]["Type"] == "AWS::Serverless::Function"
    assert packaged.template["Resources"]["RestAPI"]["Type"] == "AWS::Serverless::Api"


def test_the_names_of_event_sources_are_those_that_chalice_gives(packaged: Packaged) -> None:
    resources = packaged.template["Resources"]
    assert set(resources["Stream"]["Properties"]["Events"]) == {
        "StreamDynamodbEventSource",
        "SessionsDynamodbEventSource",
    }
    assert set(resources["Notify"]["Properties"]["Events"]) == {"NotifyDynamodbEventSource"}
    for event in [*resources["Stream"]["Properties"]["Events"].values()]:
        assert event["Type"] == "DynamoDB"


def test_every_function_runs_on_the_stated_runtime_and_knows_which_it_is(packaged: Packaged) -> None:
    functions = packaged.of_type("AWS::Lambda::Function")
    assert set(functions) >= FUNCTIONS.keys()
    for name, function in FUNCTIONS.items():
        properties = functions[name]["Properties"]
        assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["arm64"])
        assert properties["TracingConfig"] == {"Mode": "Active"}
        assert properties["Environment"]["Variables"]["HANDRAIL_FUNCTION"] == function
        assert properties["MemorySize"] >= 512
        assert 0 < properties["Timeout"] <= 60


def test_every_function_keeps_its_logs_for_a_stated_time(packaged: Packaged) -> None:
    groups = packaged.of_type("AWS::Logs::LogGroup")
    named = {json.dumps(group["Properties"]["LogGroupName"]) for group in groups.values()}
    for name in FUNCTIONS:
        assert any(f"/aws/lambda/${{{name}}}" in text for text in named)
    assert all(group["Properties"]["RetentionInDays"] <= 90 for group in groups.values())


def test_requests_go_to_a_published_version_that_starts_from_a_snapshot(packaged: Packaged) -> None:
    functions, aliases = packaged.of_type("AWS::Lambda::Function"), packaged.of_type("AWS::Lambda::Alias")
    assert aliases.keys() >= {f"{name}Aliaslive" for name in FUNCTIONS}
    waited_for = {name for name, found in functions.items() if "SnapStart" in found["Properties"]}
    assert waited_for >= {"APIHandler", "Stream", "Notify"}
    body = json.dumps(packaged.expanded["Resources"]["RestAPI"]["Properties"]["Body"])
    called = re.findall(r"functions/\$\{APIHandler\.Arn\}([^/]*)/invocations", body)
    assert set(called) == {":live"}
    assert len(called) > 40
    for name, mapping in packaged.of_type("AWS::Lambda::EventSourceMapping").items():
        assert str(mapping["Properties"]["FunctionName"]["Ref"]).endswith("Aliaslive"), name
    for rule in packaged.of_type("AWS::Events::Rule").values():
        for target in rule["Properties"]["Targets"]:
            assert str(target["Arn"]["Ref"]).endswith("Aliaslive")
    permission = packaged.expanded["Resources"]["APIHandlerInvokePermission"]["Properties"]
    assert permission["FunctionName"] == {"Ref": "APIHandlerAliaslive"}


def test_the_api_is_regional(packaged: Packaged) -> None:
    api = packaged.expanded["Resources"]["RestAPI"]["Properties"]
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def filters(mapping: dict[str, Any]) -> list[Any]:
    return [json.loads(one["Pattern"]) for one in mapping["FilterCriteria"]["Filters"]]


def test_a_poison_record_holds_up_the_others_for_a_bounded_time_and_is_kept(packaged: Packaged) -> None:
    mappings = packaged.of_type("AWS::Lambda::EventSourceMapping")
    assert len(mappings) == 3
    for mapping in (found["Properties"] for found in mappings.values()):
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert 0 < mapping["MaximumRetryAttempts"] <= 30
        assert 0 < mapping["MaximumRecordAgeInSeconds"] <= 900
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
        queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        assert packaged.expanded["Resources"][queue]["Type"] == "AWS::SQS::Queue"


def test_only_events_and_ended_sessions_start_a_function(packaged: Packaged) -> None:
    mappings = packaged.of_type("AWS::Lambda::EventSourceMapping")
    by_table: dict[str, list[Any]] = {}
    for mapping in (found["Properties"] for found in mappings.values()):
        by_table.setdefault(mapping["EventSourceArn"]["Fn::GetAtt"][0], []).append(filters(mapping))
    events = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "event#"}]}}}}
    ended = {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "session#"}]}}}}
    assert by_table == {"WorkspaceTable": [[events], [events]], "DirectoryTable": [[ended]]}


def test_tables_can_be_brought_back(packaged: Packaged) -> None:
    tables = packaged.of_type("AWS::DynamoDB::Table")
    assert set(tables) == {"WorkspaceTable", "DirectoryTable"}
    for table in (found["Properties"] for found in tables.values()):
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_what_people_keep_in_prod_outlives_the_stack(both: dict[str, Packaged]) -> None:
    prod, dev = both["prod"].expanded["Resources"], both["dev"].expanded["Resources"]
    for name in ("WorkspaceTable", "DirectoryTable", "AttachmentsBucket", "Secret"):
        assert prod[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert prod[name]["UpdateReplacePolicy"] == "Retain"
        assert dev[name]["DeletionPolicy"] == "Delete"
    for name in ("WorkspaceTable", "DirectoryTable"):
        assert prod[name]["Properties"]["DeletionProtectionEnabled"] is True
        assert "DeletionProtectionEnabled" not in dev[name]["Properties"]


def test_attachments_are_private_and_encrypted(packaged: Packaged) -> None:
    bucket = packaged.expanded["Resources"]["AttachmentsBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert {rule["Status"] for rule in bucket["LifecycleConfiguration"]["Rules"]} == {"Enabled"}
    policy = packaged.expanded["Resources"]["AttachmentsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [(one["Effect"], one["Condition"]) for one in policy] == [
        ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    ]


def test_attachments_can_be_brought_back_for_as_long_as_tables_and_no_longer(packaged: Packaged) -> None:
    bucket = packaged.expanded["Resources"]["AttachmentsBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rules: dict[str, Any] = {}
    for rule in bucket["LifecycleConfiguration"]["Rules"]:
        rules |= rule
    assert rules["NoncurrentVersionExpiration"] == {"NoncurrentDays": 35}
    assert rules["ExpiredObjectDeleteMarker"] is True
    assert rules["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1
    assert not rules.keys() & {"ExpirationInDays", "ExpirationDate"}, "what people keep stays"


def test_the_first_keys_are_made_by_aws_and_cannot_be_guessed(packaged: Packaged) -> None:
    for name, length in (("Secret", 64), ("OriginSecret", 43)):
        made = packaged.expanded["Resources"][name]["Properties"]
        assert made["GenerateSecretString"]["PasswordLength"] == length
        assert "SecretString" not in made
    assert packaged.expanded["Resources"]["Secret"]["Properties"]["GenerateSecretString"]["GenerateStringKey"] == (
        "signing_key"
    )


def test_all_processes_of_a_function_limit_the_same_callers_together(packaged: Packaged) -> None:
    for name in FUNCTIONS:
        variables = packaged.expanded["Resources"][name]["Properties"]["Environment"]["Variables"]
        assert variables["HANDRAIL_SHARED_RATES"] == "true"


def test_a_body_that_the_program_takes_fits_into_what_lambda_is_sent(packaged: Packaged) -> None:
    """6 MB, in which a file stands as base64."""
    variables = packaged.expanded["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
    for largest in (int(variables["HANDRAIL_LARGEST_API_BODY"]), Settings().largest_mcp_body):
        assert largest * 4 / 3 < 6 * 1_000_000


def test_in_prod_work_in_the_background_leaves_requests_room(both: dict[str, Packaged]) -> None:
    for stage, expected in (("dev", {}), ("prod", {"Notify": 20, "Maintenance": 1})):
        functions = both[stage].of_type("AWS::Lambda::Function")
        reserved = {
            name: found["Properties"].get("ReservedConcurrentExecutions") for name, found in functions.items()
        }
        assert {name: number for name, number in reserved.items() if number is not None} == expected


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def test_it_holds_no_secret_and_names_no_account(packaged: Packaged) -> None:
    found = [
        text
        for text in texts(packaged.template)
        if re.search(r"(?<!\d)(?!0{12})\d{12}(?!\d)|AKIA|hr_[0-9A-Za-z]{6}", text)
    ]
    assert found == []
    secret = re.compile(r"_(key|secret)$", re.IGNORECASE)
    variables = [
        name
        for function in packaged.of_type("AWS::Lambda::Function").values()
        for name in function["Properties"]["Environment"]["Variables"]
        if secret.search(name) and name != "HANDRAIL_SECRET"
    ]
    assert variables == []


def written(folder: Path, **files: str) -> list[Path]:
    paths = [folder / f"{name}.yaml" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    return paths


def test_fragments_may_tell_of_one_resource_together(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        a="Resources: {T: {Type: X, Properties: {Name: !Sub '${A}'}}}",
        b="Resources: {T: {Properties: {Size: !GetAtt A.B.C}}}",
    )
    assert template.compose(files) == {
        "Resources": {
            "T": {"Type": "X", "Properties": {"Name": {"Fn::Sub": "${A}"}, "Size": {"Fn::GetAtt": ["A", "B.C"]}}}
        }
    }


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ("Resources: {T: {Type: X}}", "Resources: {T: {Type: X}}", "Resources.T.Type"),
        ("Resources: {T: {P: !Ref A}}", "Resources: {T: {P: !GetAtt A.B}}", "Resources.T.P"),
        ("Outputs: {T: {Value: a}}", "Outputs: {T: {Value: b}}", "Outputs.T.Value"),
    ],
)
def test_two_fragments_that_say_the_same_are_refused_by_name(
    tmp_path: Path, first: str, second: str, named: str
) -> None:
    with pytest.raises(TemplateError, match=f"b.yaml says {re.escape(named)} once more"):
        template.compose(written(tmp_path, a=first, b=second))


@pytest.mark.parametrize("text", ["Resource: {}", "[]", "AWSTemplateFormatVersion: 2010-09-09"])
def test_what_is_no_fragment_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TemplateError, match=r"a\.yaml is not a fragment"):
        template.compose(written(tmp_path, a=text))
