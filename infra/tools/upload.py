"""The files of a deployment, in a bucket of the account's own, under the digest of what they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.tools.account import Account
from infra.tools.stages import stack_name

# CloudFormation may need the last ones to roll back.
KEPT_DAYS = 90
URIS = ("CodeUri", "ContentUri")
PRIVATE = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


@dataclass(frozen=True)
class Uploaded:
    template_url: str
    template: dict[str, Any]


def bucket_name(account: Account, stage: str) -> str:
    return f"{stack_name(stage)}-artifacts-{account.id}-{account.region}"


def upload(account: Account, stage: str, folder: Path, values: Mapping[str, str]) -> Uploaded:
    """Upload a package; its template then names the uploaded files.

    Their place depends on all of the package and on what the parameters will be, of which `values` has those that are
    known: so every change publishes new versions of the functions, and no change none.
    """
    s3 = account.clients.client("s3")
    bucket = bucket_name(account, stage)
    _make(s3, bucket, account.region)
    template: dict[str, Any] = json.loads((folder / "sam.json").read_text())
    contents = {name: (folder / name).read_bytes() for name in ("deployment.zip", "layer-deployment.zip", "sam.json")}
    parameters = template.get("Parameters", {}).items()
    valued = {name: values.get(name, str(said.get("Default", ""))) for name, said in parameters}
    digest = hashlib.sha256(json.dumps(valued, sort_keys=True).encode())
    for content in contents.values():
        digest.update(hashlib.sha256(content).digest())
    place = digest.hexdigest()[:32]
    layer = hashlib.sha256(contents["layer-deployment.zip"]).hexdigest()[:32]
    keys = {"deployment.zip": f"{place}/deployment.zip", "layer-deployment.zip": f"layers/{layer}.zip"}
    for name, key in keys.items():
        s3.put_object(Bucket=bucket, Key=key, Body=contents[name])
    for resource in template["Resources"].values():
        for uri in URIS:
            if uri in resource.get("Properties", {}):
                file = resource["Properties"][uri].removeprefix("./")
                resource["Properties"][uri] = {"Bucket": bucket, "Key": keys[file]}
    s3.put_object(Bucket=bucket, Key=f"{place}/template.json", Body=json.dumps(template, sort_keys=True).encode())
    url = f"{s3.meta.endpoint_url}/{bucket}/{place}/template.json"
    return Uploaded(url, template)


def _make(s3: Any, bucket: str, region: str) -> None:
    """The bucket, private and encrypted; made where it is not there yet."""
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchBucket"}:
            raise
        s3.create_bucket(Bucket=bucket, **where)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=PRIVATE)
    old = {"ID": "forget-old-ones", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": KEPT_DAYS}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [old]})
