"""Who can reach whom, and how the relay is replaced."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.relays import FRESH, LINGER, PATIENCE, PAUSE
from chalicelib.kernel.relays import ANSWER_SECONDS, CONNECT_SECONDS
from chalicelib.kernel.settings import Settings
from tests.infra.conftest import Packaged

Json = dict[str, Any]
PUBLISH, SERVE = 5561, 7999


def properties(packaged: Packaged, name: str) -> Json:
    found: Json = packaged.expanded["Resources"][name]["Properties"]
    return found


def allowed_into(packaged: Packaged, group: str) -> list[Json]:
    """Every rule that lets something into a security group, wherever it is written."""
    rules: list[Json] = list(properties(packaged, group).get("SecurityGroupIngress", []))
    for rule in packaged.of_type("AWS::EC2::SecurityGroupIngress").values():
        if rule["Properties"]["GroupId"] == {"Ref": group}:
            rules.append(rule["Properties"])
    return rules


def covers(rule: Json, port: int) -> bool:
    return bool(rule["IpProtocol"] == "-1" or rule["FromPort"] <= port <= rule["ToPort"])


def test_only_the_stream_function_reaches_the_port_on_which_the_relay_is_told(packaged: Packaged) -> None:
    (task_groups,) = [
        service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
        for service in packaged.of_type("AWS::ECS::Service").values()
    ]
    assert task_groups == [{"Ref": "RelaySecurityGroup"}]
    (rule,) = [rule for rule in allowed_into(packaged, "RelaySecurityGroup") if covers(rule, PUBLISH)]
    assert rule["SourceSecurityGroupId"] == {"Ref": "StreamSecurityGroup"}
    assert (rule["FromPort"], rule["ToPort"]) == (PUBLISH, PUBLISH)
    users = [
        name
        for name, function in packaged.of_type("AWS::Lambda::Function").items()
        if {"Ref": "StreamSecurityGroup"} in function["Properties"].get("VpcConfig", {}).get("SecurityGroupIds", [])
    ]
    assert users == ["Stream"]
    assert allowed_into(packaged, "StreamSecurityGroup") == []


def test_clients_reach_the_relay_through_the_load_balancer_alone(packaged: Packaged) -> None:
    (rule,) = [rule for rule in allowed_into(packaged, "RelaySecurityGroup") if covers(rule, SERVE)]
    assert rule["SourceSecurityGroupId"] == {"Ref": "RelayBalancerSecurityGroup"}
    assert len(allowed_into(packaged, "RelaySecurityGroup")) == 2
    balancer = properties(packaged, "RelayBalancer")
    assert balancer["Scheme"] == "internal"
    assert balancer["Subnets"] == [{"Ref": "PrivateSubnetA"}, {"Ref": "PrivateSubnetB"}]


def test_the_private_subnets_have_no_way_to_the_internet_and_cost_nothing(packaged: Packaged) -> None:
    for route in packaged.of_type("AWS::EC2::Route").values():
        assert route["Properties"]["RouteTableId"] == {"Ref": "PublicRoutes"}
    assert packaged.of_type("AWS::EC2::NatGateway") == {}
    endpoints = packaged.of_type("AWS::EC2::VPCEndpoint").values()
    assert {one["Properties"]["VpcEndpointType"] for one in endpoints} == {"Gateway"}
    for endpoint in endpoints:
        for statement in endpoint["Properties"]["PolicyDocument"]["Statement"]:
            assert "*" not in (statement["Resource"], *statement["Resource"]), "only what is our own"
    for subnet in packaged.of_type("AWS::EC2::Subnet").values():
        assert not subnet["Properties"].get("MapPublicIpOnLaunch", False)


def test_the_stream_function_publishes_where_the_tasks_are_named_and_reads_no_secret(packaged: Packaged) -> None:
    variables = properties(packaged, "Stream")["Environment"]["Variables"]
    zone, name = properties(packaged, "RelayNames")["Name"], properties(packaged, "RelayName")
    host = f"{name['Name']}.{zone['Fn::Sub']}"
    assert variables["HANDRAIL_GRIP_PUBLISH_URL"] == {"Fn::Sub": f"http://{host}:{PUBLISH}"}
    statements = properties(packaged, "StreamRole")["Policies"][0]["PolicyDocument"]["Statement"]
    assert "secretsmanager" not in str(statements)
    assert name["DnsConfig"]["RoutingPolicy"] == "MULTIVALUE"


def test_a_name_tells_of_all_tasks_there_may_be(packaged: Packaged) -> None:
    """Cloud Map answers with eight addresses at most."""
    assert packaged.expanded["Parameters"]["RelayMostTasks"]["MaxValue"] == 8
    scaling = properties(packaged, "RelayScaling")
    assert (scaling["MinCapacity"], scaling["MaxCapacity"]) == (2, {"Ref": "RelayMostTasks"})


def attributes(packaged: Packaged, name: str) -> dict[str, str]:
    found = properties(packaged, name)
    listed = found.get("TargetGroupAttributes", []) + found.get("LoadBalancerAttributes", [])
    return {one["Key"]: one["Value"] for one in listed}


def test_a_new_task_gets_streams_only_when_the_stream_function_knows_it(packaged: Packaged) -> None:
    targets = properties(packaged, "RelayTargets")
    (record,) = properties(packaged, "RelayName")["DnsConfig"]["DnsRecords"]
    assert targets["HealthCheckIntervalSeconds"] * targets["HealthyThresholdCount"] > 2 * (record["TTL"] + FRESH) - 1


def test_an_old_task_ends_what_it_holds_before_it_is_told_to_stop(packaged: Packaged) -> None:
    drains = int(attributes(packaged, "RelayTargets")["deregistration_delay.timeout_seconds"])
    assert Settings().longest_wait + 2 < drains < LINGER
    service = properties(packaged, "RelayService")
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert "DesiredCount" not in service
    (container,) = properties(packaged, "RelayTask")["ContainerDefinitions"]
    assert container["StopTimeout"] >= 10


def test_what_is_published_outlasts_a_relay_that_is_down_for_a_minute(packaged: Packaged) -> None:
    """However soon Lambda tries again, which it does not say."""
    least = PATIENCE - 2 * PAUSE
    assert properties(packaged, "Stream")["Timeout"] > 1.5 * (PATIENCE + CONNECT_SECONDS + ANSWER_SECONDS)
    feeding = [
        mapping["Properties"]
        for mapping in packaged.of_type("AWS::Lambda::EventSourceMapping").values()
        if mapping["Properties"]["FunctionName"] == {"Ref": "StreamAliaslive"}
    ]
    assert len(feeding) == 2
    for mapping in feeding:
        assert mapping["MaximumRetryAttempts"] * least > 2 * 60
        assert mapping["MaximumRecordAgeInSeconds"] > 2 * 60


def test_nothing_on_the_way_gives_up_a_stream_or_a_call_that_waits(packaged: Packaged) -> None:
    chosen = Settings()
    idle = int(attributes(packaged, "RelayBalancer")["idle_timeout.timeout_seconds"])
    config = properties(packaged, "Distribution")["DistributionConfig"]
    (relay,) = [origin for origin in config["Origins"] if origin["Id"] == "relay"]
    for limit in (idle, relay["VpcOriginConfig"]["OriginReadTimeout"]):
        assert limit > 2 * chosen.stream_keep_alive
        assert limit > chosen.longest_wait + 2


def test_the_relay_is_two_tasks_on_arm_in_two_zones(packaged: Packaged) -> None:
    task, service = properties(packaged, "RelayTask"), properties(packaged, "RelayService")
    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    subnets = service["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]
    zones = [properties(packaged, subnet["Ref"])["AvailabilityZone"]["Ref"] for subnet in subnets]
    assert zones == ["ZoneA", "ZoneB"]
    assert service["ServiceRegistries"]
    assert "latest" not in packaged.expanded["Parameters"]["RelayImage"]["Default"]


def test_the_relay_grows_with_its_streams(packaged: Packaged) -> None:
    policy = properties(packaged, "RelayScalingByStreams")["TargetTrackingScalingPolicyConfiguration"]
    metrics = {one["Id"]: one for one in policy["CustomizedMetricSpecification"]["Metrics"]}
    assert metrics["connections"]["MetricStat"]["Metric"]["MetricName"] == "ActiveConnectionCount"
    assert [name for name, metric in metrics.items() if metric["ReturnData"]] == ["streams"]
    # Of each stream the load balancer has two connections: from CloudFront, and to the task.
    assert metrics["streams"]["Expression"] == "connections / 2 / tasks"
    assert metrics["tasks"]["MetricStat"]["Metric"]["MetricName"] == "HealthyHostCount"
    settings = properties(packaged, "RelayTask")["ContainerDefinitions"][0]["Environment"][0]["Value"].split()
    most = int(dict(one.split("=", 1) for one in settings)["client_maxconn"])
    assert packaged.expanded["Parameters"]["RelayStreamsPerTask"]["MaxValue"] < most
