"""`python -m infra.tools.destroy dev`: take a stage away, with all that it keeps, after asking. Never prod.

A stack of prod is deleted by whoever may, in the console, after its protection is switched off there. Its tables, its
attachments and its keys stay even then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from botocore.exceptions import ClientError

from infra.tools import stages
from infra.tools.account import Account, account
from infra.tools.command import run
from infra.tools.deploy import Say
from infra.tools.stack import Stack
from infra.tools.stages import Refusal
from infra.tools.upload import bucket_name

Ask = Callable[[str], str]


def destroy(stage: str, at: Account, stack: Stack, ask: Ask, say: Say) -> bool:
    """Whether it was taken away."""
    if stage != "dev":
        raise Refusal(
            "Only STAGE=dev can be destroyed by this command: what people keep in prod is never deleted by it."
        )
    if stack.describe() is None:
        raise Refusal(f"There is no stack {stack.name} in {at.region}.")
    say(f"This deletes the stack {stack.name} in {at.region}, with its tables, attachments and keys.")
    if ask(f"Type {stage} to go on: ").strip() != stage:
        say("Nothing was deleted.")
        return False
    for bucket in stack.physical_ids("AWS::S3::Bucket"):
        _empty(at, bucket)
    stack.delete()
    artifacts = bucket_name(at, stage)
    try:
        _empty(at, artifacts)
        at.clients.client("s3").delete_bucket(Bucket=artifacts)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
    say(f"The stack {stack.name} is gone.")
    return True


def _empty(at: Account, bucket: str) -> None:
    """Delete every object, with all its versions, as CloudFormation deletes only empty buckets."""
    s3 = at.clients.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if doomed:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})


def main(arguments: Sequence[str]) -> bool:
    stage = stages.checked(*arguments[:1])
    if not sys.stdin.isatty():
        raise Refusal("This command asks before it deletes anything: run it in a terminal.")
    at = account()
    return destroy(stage, at, Stack(at.clients.client("cloudformation"), stages.stack_name(stage)), input, print)


if __name__ == "__main__":
    sys.exit(run(main))
