"""What CloudFront does with a request: the same as the one-machine program, on one hostname."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

import pytest

from chalicelib.kernel import links
from chalicelib.kernel.limits import SECRET_HEADER
from chalicelib.onebox.program import CONTENT_SECURITY_POLICY
from chalicelib.onebox.static import StaticSite
from chalicelib.wiring import api
from infra.tools.stages import ROOT
from tests.infra.conftest import Packaged

Json = dict[str, Any]
BUCKET = " https://${AttachmentsBucket.RegionalDomainName}"
FOLLOWED = links.PATH
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


@pytest.fixture
def distribution(packaged: Packaged) -> Json:
    config: Json = packaged.expanded["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    return config


def behaviour(distribution: Json, path: str) -> Json:
    """The first that matches, as CloudFront chooses."""
    for one in distribution["CacheBehaviors"]:
        if fnmatch.fnmatchcase(path, one["PathPattern"]):
            found: Json = one
            return found
    default: Json = distribution["DefaultCacheBehavior"]
    return default


# -- where requests go --------------------------------------------------------------------


def held() -> set[str]:
    """The paths whose answers a relay may hold."""
    streams = {route.path for route in api.routes if route.media_type == "text/event-stream"}
    return {path for path in streams if not path.startswith(FOLLOWED)} | {
        route.path for route in api.routes if route.access == "agent"
    }


def test_whatever_may_be_held_goes_through_the_relay_and_all_else_to_the_api(distribution: Json) -> None:
    assert {"/api/events", "/api/workspaces/{ws}/events", "/mcp/{ws}", "/mcp/{ws}/stateless"} <= held()
    for route in api.routes:
        path = route.path.replace("{", "").replace("}", "")
        chosen = behaviour(distribution, path)
        if route.path.startswith(FOLLOWED):
            assert chosen["TargetOriginId"] == "site", "only the relay follows links, and asks the API itself"
            continue
        assert chosen["TargetOriginId"] == ("relay" if route.path in held() else "api"), route.path
        assert route.method in chosen["AllowedMethods"]
        assert chosen["CachePolicyId"] == CACHING_DISABLED
        assert chosen["OriginRequestPolicyId"] == ALL_BUT_HOST
        assert chosen["ViewerProtocolPolicy"] == "https-only"
        assert chosen["Compress"] is False


def test_the_api_compresses_what_it_answers(packaged: Packaged) -> None:
    """CloudFront compresses only what it may keep, and it may keep nothing of the API."""
    assert packaged.template["Resources"]["RestAPI"]["Properties"]["MinimumCompressionSize"] == 1024


def test_the_files_of_the_dashboard_are_compressed_and_kept_as_long_as_they_say(
    packaged: Packaged, distribution: Json
) -> None:
    chosen = distribution["DefaultCacheBehavior"]
    assert (chosen["TargetOriginId"], chosen["Compress"]) == ("site", True)
    assert chosen["ViewerProtocolPolicy"] == "redirect-to-https"
    caching = packaged.expanded["Resources"]["SiteCaching"]["Properties"]["CachePolicyConfig"]
    assert (caching["MinTTL"], caching["DefaultTTL"]) == (0, 0)
    key = caching["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["EnableAcceptEncodingGzip"] is key["EnableAcceptEncodingBrotli"] is True


def test_the_api_and_the_relay_know_that_a_request_came_through_cloudfront(
    packaged: Packaged, distribution: Json
) -> None:
    origins = {origin["Id"]: origin for origin in distribution["Origins"]}
    assert set(origins) == {"site", "api", "relay"}
    for name in ("api", "relay"):
        (header,) = origins[name]["OriginCustomHeaders"]
        assert header["HeaderName"].lower() == SECRET_HEADER
        assert header["HeaderValue"] == {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}}}"}
    assert "OriginCustomHeaders" not in origins["site"]
    assert packaged.expanded["Outputs"]["OriginSecret"] == {"Value": {"Ref": "OriginSecret"}}
    variables = packaged.expanded["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
    assert variables["HANDRAIL_CLIENT_ADDRESS_HEADER"].lower() == "x-handrail-client-address"


def test_the_api_is_asked_under_its_stage_and_by_https(packaged: Packaged, distribution: Json) -> None:
    (origin,) = [origin for origin in distribution["Origins"] if origin["Id"] == "api"]
    stage = packaged.template["Resources"]["RestAPI"]["Properties"]["StageName"]
    assert origin["OriginPath"] == f"/{stage}"
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    (routes,) = [
        one["Value"]["Fn::Sub"]
        for one in packaged.expanded["Resources"]["RelayTask"]["Properties"]["ContainerDefinitions"][0]["Environment"]
        if one["Name"] == "RELAY_ROUTES"
    ]
    assert f"replace_beg=/{stage}/ " in routes


# -- the bucket ---------------------------------------------------------------------------


def test_only_this_distribution_reads_the_bucket_of_the_dashboard(packaged: Packaged) -> None:
    bucket = packaged.expanded["Resources"]["SiteBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert "WebsiteConfiguration" not in bucket
    policy = packaged.expanded["Resources"]["SiteBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (allowed,) = [one for one in policy if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"].endswith("distribution/${Distribution}")
    assert set(allowed["Action"]) == {"s3:GetObject", "s3:ListBucket"}


# -- headers ------------------------------------------------------------------------------


def headers_on_one_machine() -> dict[str, str]:
    site = StaticSite(ROOT / "dashboard" / "dist", CONTENT_SECURITY_POLICY)
    return {name.decode(): value.decode() for name, value in site._secure}


def headers_of(policy: Json) -> dict[str, str]:
    security = policy["SecurityHeadersConfig"]
    found = {
        "content-security-policy": security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"],
        "x-content-type-options": "nosniff" if security["ContentTypeOptions"]["Override"] else "",
        "referrer-policy": security["ReferrerPolicy"]["ReferrerPolicy"],
    }
    assert set(security) == {
        "ContentSecurityPolicy",
        "ContentTypeOptions",
        "ReferrerPolicy",
        "StrictTransportSecurity",
    }
    return found | {one["Header"].lower(): one["Value"] for one in policy["CustomHeadersConfig"]["Items"]}


def test_the_dashboard_has_the_same_security_headers_as_on_one_machine(
    packaged: Packaged, distribution: Json
) -> None:
    policy = packaged.expanded["Resources"]["SiteHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    found = headers_of(policy)
    assert found["content-security-policy"].count(BUCKET) == 1, "attachments go to their bucket directly"
    found["content-security-policy"] = found["content-security-policy"].replace(f"connect-src 'self'{BUCKET};", "-")
    own = headers_on_one_machine()
    own["content-security-policy"] = own["content-security-policy"].replace("connect-src 'self';", "-")
    assert found == own
    assert policy["SecurityHeadersConfig"]["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert distribution["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] == {"Ref": "SiteHeaders"}


# -- what a deployment chooses ------------------------------------------------------------


def test_a_domain_of_ones_own_and_the_firewall_are_choices(packaged: Packaged, distribution: Json) -> None:
    aliases = distribution["Aliases"]["Fn::If"]
    assert aliases == ["HasDomain", [{"Ref": "DomainName"}], {"Ref": "AWS::NoValue"}]
    certificate = distribution["ViewerCertificate"]["Fn::If"][1]
    assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
    firewall = packaged.expanded["Resources"]["Firewall"]
    assert firewall["Condition"] == "HasFirewallOfItsOwn"
    (rule,) = firewall["Properties"]["Rules"]
    assert rule["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"
    assert rule["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429
    said = json.loads(firewall["Properties"]["CustomResponseBodies"]["TooMany"]["Content"])
    assert (said["code"], said["type"]) == ("rate_limited", "urn:handrail:problem:rate_limited")
    assert packaged.expanded["Outputs"].keys() >= {"Url", "DistributionId", "SiteBucket"}


def test_what_api_gateway_answers_itself_has_the_form_of_a_problem(packaged: Packaged) -> None:
    body = packaged.expanded["Resources"]["RestAPI"]["Properties"]["Body"]
    answers = body["x-amazon-apigateway-gateway-responses"]
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    for answer in answers.values():
        kind = answer["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert kind == "'application/problem+json'"
        text = answer["responseTemplates"]["application/json"].replace("$context.error.messageString", '"why"')
        said = json.loads(text)
        assert said.keys() >= {"type", "title", "detail", "code"}
        assert said["type"] == f"urn:handrail:problem:{said['code']}"
