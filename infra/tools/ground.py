"""What a first deployment needs of the account and of the region, so that the stack comes up at the first attempt."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from infra.tools.stages import Refusal

# CloudFront has no VPC origins there, and Fargate has no ARM in the first. Each account has names of its own for its
# zones; their ids are the same for all.
UNUSABLE_ZONES = {"use1-az3", "usw1-az2", "cac1-az3", "apne1-az3", "apne2-az1"}
CONTAINERS = "ecs.amazonaws.com"


def zones(ec2: Any) -> dict[str, str]:
    """Two zones in which everything can be, as parameters of the template."""
    ordinary = [
        {"Name": "state", "Values": ["available"]},
        {"Name": "zone-type", "Values": ["availability-zone"]},
    ]
    found = ec2.describe_availability_zones(Filters=ordinary)["AvailabilityZones"]
    names = sorted(zone["ZoneName"] for zone in found if zone["ZoneId"] not in UNUSABLE_ZONES)
    if len(names) < 2:
        raise Refusal("In this region the account has less than two zones for the relay: choose another AWS_REGION.")
    return {"ZoneA": names[0], "ZoneB": names[1]}


def allow_containers(iam: Any) -> None:
    """Make the role that AWS's containers work with. They make it themselves with an account's first cluster, but do
    not find it then."""
    try:
        iam.create_service_linked_role(AWSServiceName=CONTAINERS)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidInput":  # it is there already
            raise
