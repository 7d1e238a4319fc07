"""The built dashboard, in the bucket that the CDN serves. Who loads it meanwhile gets all of the old or of the new.

assets, under names that change with their content ──► everything else ──► index.html ──► old assets, a week later

A page that is open may still load a part of its own version, so an asset stays for `GRACE` after the first deployment
that does without it. When that was is noted in the bucket, in a file that the CDN does not serve.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib.onebox.static import ENCODINGS, caching_of, kind_of
from infra.tools.stages import Refusal

DAY = 24 * 3600
GRACE = 7 * DAY
NOTE = ".without"
INDEX = "index.html"
ASSETS = "assets/"
MOST_DELETED = 1000


class Site:
    """`outputs` are the stack's: `SiteBucket` and `DistributionId`."""

    def __init__(
        self, s3: Any, cloudfront: Any, outputs: Mapping[str, str], now: Callable[[], float] = time.time
    ) -> None:
        self._s3, self._cloudfront, self._now = s3, cloudfront, now
        self._bucket, self._distribution = outputs["SiteBucket"], outputs["DistributionId"]

    def publish(self, folder: Path) -> str:
        """Make the bucket what `folder` is; what was done, in one line."""
        files = built(folder)
        present = self._present()
        uploaded = [key for key in in_order(files) if self._upload(key, files[key], folder, present.get(key))]
        gone = self._remove([key for key in present if key not in files and key != NOTE])
        changed = [f"/{key}" for key in [*uploaded, *gone] if not key.startswith(ASSETS)]
        if changed:
            self._ask_again(changed)
        if not uploaded and not gone:
            return "The dashboard was up to date."
        return f"The dashboard is there: {len(uploaded)} files new, {len(gone)} gone."

    def _present(self) -> dict[str, str]:
        """The digest of each object by its key."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
        return {one["Key"]: one["ETag"].strip('"') for page in pages for one in page.get("Contents", [])}

    def _upload(self, key: str, file: Path, folder: Path, present: str | None) -> bool:
        content = file.read_bytes()
        # Of an object that came in one piece, S3's own digest is this one.
        if present == hashlib.md5(content, usedforsecurity=False).hexdigest():
            return False
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=content,
            ContentType=kind_of(file),
            CacheControl=caching_of(file, folder),
        )
        return True

    def _remove(self, unused: list[str]) -> list[str]:
        """Delete what this version does without, its assets when they have been for long enough; what was deleted."""
        before, now = self._noted(), round(self._now())
        since = {key: before.get(key, now) for key in unused if key.startswith(ASSETS)}
        gone = [key for key in unused if now - since.get(key, 0) >= GRACE]
        for start in range(0, len(gone), MOST_DELETED):
            doomed = [{"Key": key} for key in gone[start : start + MOST_DELETED]]
            self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": doomed, "Quiet": True})
        noted = {key: moment for key, moment in since.items() if key not in gone}
        if noted != before:
            self._s3.put_object(Bucket=self._bucket, Key=NOTE, Body=msgspec.json.encode(noted))
        return gone

    def _noted(self) -> dict[str, int]:
        """Since when each asset is not used any more."""
        try:
            content = self._s3.get_object(Bucket=self._bucket, Key=NOTE)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return {}
        return msgspec.json.decode(content, type=dict[str, int])

    def _ask_again(self, paths: list[str]) -> None:
        batch = {"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": str(self._now())}
        self._cloudfront.create_invalidation(DistributionId=self._distribution, InvalidationBatch=batch)


def built(folder: Path) -> dict[str, Path]:
    """The files of the dashboard by their keys; the CDN compresses by itself."""
    if not (folder / INDEX).is_file():
        raise Refusal(f"The dashboard is not built: {folder} has no {INDEX}. Run 'make dashboard'.")
    compressed = tuple(suffix for _, suffix in ENCODINGS)
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.endswith(compressed))
    return {file.relative_to(folder).as_posix(): file for file in files if not file.name.startswith(".")}


def in_order(files: Mapping[str, Path]) -> list[str]:
    """What is named by others comes before what names it."""
    return sorted(files, key=lambda key: (not key.startswith(ASSETS), key == INDEX, key))
