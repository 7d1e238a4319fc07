"""Everything that can fail or fall behind has an alarm, also what is added later."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from chalicelib.kernel import clock, directory
from chalicelib.kernel.directory import Due
from chalicelib.kernel.ids import new_id
from chalicelib.kernel.logs import JsonFormatter
from tests.infra.conftest import Packaged

Json = dict[str, Any]


def alarms(packaged: Packaged, metric: str) -> dict[str, Json]:
    """The alarms on a metric, by what their dimensions name."""
    found = {}
    for alarm in packaged.of_type("AWS::CloudWatch::Alarm").values():
        if alarm["Properties"]["MetricName"] == metric:
            for dimension in alarm["Properties"]["Dimensions"]:
                found[_named(dimension["Value"])] = alarm["Properties"]
    return found


def _named(value: Json) -> str:
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_has_an_alarm(packaged: Packaged, metric: str) -> None:
    functions = packaged.of_type("AWS::Lambda::Function")
    assert len(functions) >= 4
    assert set(alarms(packaged, metric)) == set(functions)


def counted(packaged: Packaged, metric: str) -> dict[str, str]:
    """The log groups in which a metric is counted, with the pattern of what counts."""
    return {
        filter["Properties"]["LogGroupName"]["Ref"]: filter["Properties"]["FilterPattern"]
        for filter in packaged.of_type("AWS::Logs::MetricFilter").values()
        if filter["Properties"]["MetricTransformations"][0]["MetricName"] == metric
    }


def logged(level: int, message: str) -> Json:
    """A line of a log, as CloudWatch reads it."""
    line: Json = json.loads(JsonFormatter().format(logging.LogRecord("handrail", level, "", 0, message, (), None)))
    return line


def test_what_goes_wrong_while_something_is_served_raises_an_alarm_though_the_function_does_well(
    packaged: Packaged,
) -> None:
    level = logged(logging.ERROR, "unexpected failure")["level"]
    assert level != logged(logging.WARNING, "outage")["level"]
    groups = [f"{name}LogGroup" for name in ("ApiHandler", "Stream", "Notify", "Maintenance")]
    assert counted(packaged, "ErrorsLogged") == dict.fromkeys(groups, f'{{ $.level = "{level}" }}')
    for group in groups:
        assert packaged.expanded["Resources"][group]["Type"] == "AWS::Logs::LogGroup"
    about = [found["Properties"]["MetricName"] for found in packaged.of_type("AWS::CloudWatch::Alarm").values()]
    assert about.count("ErrorsLogged") == 1


def test_due_work_that_is_set_aside_raises_an_alarm(
    packaged: Packaged, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for step in ("write", "remove"):
        monkeypatch.setattr(directory, step, lambda *what: None)
    directory.set_aside(Due("purge", clock.now(), new_id(), new_id()), "why")
    (message,) = {record.getMessage() for record in caplog.records if record.name == "handrail.directory"}
    assert counted(packaged, "DueWorkSetAside") == {"MaintenanceLogGroup": f'{{ $.message = "{message}" }}'}


def test_every_function_that_is_fed_from_a_stream_has_an_alarm_for_falling_behind(packaged: Packaged) -> None:
    fed = {
        mapping["Properties"]["FunctionName"]["Ref"].removesuffix("Aliaslive")
        for mapping in packaged.of_type("AWS::Lambda::EventSourceMapping").values()
    }
    assert fed >= {"Stream", "Notify"}
    assert set(alarms(packaged, "IteratorAge")) == fed


def test_every_queue_of_what_was_laid_aside_has_an_alarm(packaged: Packaged) -> None:
    found = alarms(packaged, "ApproximateNumberOfMessagesVisible")
    assert set(found) == set(packaged.of_type("AWS::SQS::Queue"))
    assert all(alarm["Threshold"] == alarm["DatapointsToAlarm"] == 1 for alarm in found.values())


@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents"])
def test_every_table_has_an_alarm(packaged: Packaged, metric: str) -> None:
    assert set(alarms(packaged, metric)) == set(packaged.of_type("AWS::DynamoDB::Table"))


@pytest.mark.parametrize(
    "metric",
    ["UnHealthyHostCount", "HealthyHostCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count"],
)
def test_the_relay_has_alarms(packaged: Packaged, metric: str) -> None:
    assert "RelayBalancer" in alarms(packaged, metric)


def test_what_runs_on_schedule_has_an_alarm_for_not_running(packaged: Packaged) -> None:
    scheduled = {
        target["Arn"]["Ref"].removesuffix("Aliaslive")
        for rule in packaged.of_type("AWS::Events::Rule").values()
        for target in rule["Properties"]["Targets"]
    }
    found = alarms(packaged, "Invocations")
    assert set(found) == scheduled
    assert {alarm["TreatMissingData"] for alarm in found.values()} == {"breaching"}


def test_every_alarm_tells_the_topic_says_what_to_do_and_is_about_what_exists(packaged: Packaged) -> None:
    for name, alarm in packaged.of_type("AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        assert properties["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert properties["AlarmDescription"].endswith((".", "?")), name
        for dimension in properties["Dimensions"]:
            assert _named(dimension["Value"]) in packaged.expanded["Resources"], name
    texts = [alarm["Properties"]["AlarmDescription"] for alarm in packaged.of_type("AWS::CloudWatch::Alarm").values()]
    assert len(set(texts)) == len(texts)


def test_nobody_is_written_to_unless_an_address_is_given(packaged: Packaged) -> None:
    assert packaged.expanded["Resources"]["AlarmEmailSubscription"]["Condition"] == "HasAlarmEmail"
    assert packaged.expanded["Parameters"]["AlarmEmail"]["Default"] == ""


def test_the_dashboard_of_operations_is_valid_and_shows_each_function(packaged: Packaged) -> None:
    body = packaged.expanded["Resources"]["OperationsDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body)["widgets"]
    assert all(widget["properties"]["metrics"] for widget in widgets)
    for name in packaged.of_type("AWS::Lambda::Function"):
        assert f"${{{name}}}" in body
