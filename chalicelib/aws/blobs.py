"""Attachments in object storage: `<workspace>/<id>` in one private bucket, which encrypts what it is given.

Browsers and agents send and get the bytes themselves, at addresses that are signed here:
- an upload is bound to its place, its size and a neutral type, and to there being nothing yet: who keeps the address
  cannot change the file afterwards;
- a download is an attachment of a neutral type, whatever was uploaded, on the bucket's origin and not on the app's.
An address can live no longer than the credentials that signed it; those of a Lambda live for hours.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import quote

from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.aws import sessions
from chalicelib.kernel import clock
from chalicelib.kernel.blobs import BYTES, Address
from chalicelib.kernel.ids import is_id
from chalicelib.kernel.settings import MINUTE

UPLOAD_LIFETIME = 15 * MINUTE
DOWNLOAD_LIFETIME = 5 * MINUTE
AT_ONCE = 1_000
_MISSING = {"404", "NoSuchKey", "NotFound"}


class S3Blobs:
    def __init__(self, bucket: str, region: str) -> None:
        self._bucket, self._region = bucket, region

    @cached_property
    def _client(self) -> Any:
        """Made when it is first needed: most requests are not about files."""
        # Signed addresses must name the bucket's own host in its region: redirects and foreign hosts break uploads.
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
            connect_timeout=1,
            read_timeout=5,
            retries={"total_max_attempts": 3, "mode": "standard"},
        )
        return sessions.client("s3", self._region, config)

    def warm(self) -> None:
        """Make ready what the first use would; nothing is asked."""
        _ = self._client

    def put(self, workspace_id: str, id: str, content: bytes) -> None:
        self._client.put_object(**self._place(workspace_id, id), Body=content, ContentType=BYTES)

    def get(self, workspace_id: str, id: str) -> bytes | None:
        try:
            answer = self._client.get_object(**self._place(workspace_id, id))
        except ClientError as error:
            if not _is_missing(error):
                raise
            return None
        content: bytes = answer["Body"].read()
        return content

    def size(self, workspace_id: str, id: str) -> int | None:
        try:
            answer = self._client.head_object(**self._place(workspace_id, id))
        except ClientError as error:
            if not _is_missing(error):
                raise
            return None
        size: int = answer["ContentLength"]
        return size

    def delete(self, workspace_id: str, id: str) -> None:
        self._client.delete_object(**self._place(workspace_id, id))

    def delete_some(self, workspace_id: str) -> int:
        prefix = self._place(workspace_id, workspace_id)["Key"].partition("/")[0] + "/"
        found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=AT_ONCE)
        keys = [{"Key": one["Key"]} for one in found.get("Contents", [])]
        if keys:
            answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})
            if answer.get("Errors"):
                raise OSError(f"{len(answer['Errors'])} of {len(keys)} objects could not be deleted")
        return len(keys)

    def upload_address(self, workspace_id: str, id: str, size: int) -> Address:
        bound = {"ContentLength": size, "ContentType": BYTES, "IfNoneMatch": "*"}
        return Address(
            url=self._signed("put_object", UPLOAD_LIFETIME, self._place(workspace_id, id) | bound),
            method="PUT",
            headers={"Content-Type": BYTES, "If-None-Match": "*"},
            expires_at=clock.after(UPLOAD_LIFETIME),
        )

    def download_address(self, workspace_id: str, id: str, filename: str) -> Address:
        answered = {
            "ResponseContentType": BYTES,
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
            "ResponseCacheControl": "private, no-store",
        }
        return Address(
            url=self._signed("get_object", DOWNLOAD_LIFETIME, self._place(workspace_id, id) | answered),
            method="GET",
            headers={},
            expires_at=clock.after(DOWNLOAD_LIFETIME),
        )

    def _signed(self, operation: str, seconds: int, parameters: dict[str, object]) -> str:
        url: str = self._client.generate_presigned_url(operation, Params=parameters, ExpiresIn=seconds)
        return url

    def _place(self, workspace_id: str, id: str) -> dict[str, Any]:
        if not is_id(workspace_id) or not is_id(id):
            raise ValueError("a blob is named by ids made here")
        return {"Bucket": self._bucket, "Key": f"{workspace_id}/{id}"}


def _is_missing(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in _MISSING
