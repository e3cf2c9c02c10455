"""A signed S3 request and what its answer means. Pure: `store` does the sending."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from minio.credentials.credentials import Credentials
from minio.signer import sign_v4_s3

from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage.addresses import object_url
from agentjob_operator.storage.errors import BucketMissing, Denied, NotFound, StoreError, StoreUnavailable

EMPTY_SHA256: Final = hashlib.sha256(b"").hexdigest()
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9]{1,64})</Code>")


def credentials(storage: StorageSettings) -> Credentials:
    """As the signer wants them."""
    token = storage.session_token
    return Credentials(
        storage.access_key.get_secret_value(),
        storage.secret_key.get_secret_value(),
        session_token=token.get_secret_value() if token else None,
    )


def signed_request(
    storage: StorageSettings, method: str, key: str, headers: Mapping[str, str], now: datetime
) -> tuple[str, dict[str, str]]:
    """URL and headers of a request without a body. Headers are signed, so it is good for headers of S3 such as x-amz-checksum-mode."""
    url = urlsplit(object_url(storage, storage.endpoint, key))
    unsigned: dict[str, str | list[str] | tuple[str]] = {
        **headers,
        "Host": url.netloc,
        "x-amz-content-sha256": EMPTY_SHA256,
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
    }
    if storage.session_token:
        unsigned["x-amz-security-token"] = storage.session_token.get_secret_value()
    signed = sign_v4_s3(
        method=method,
        url=url,
        region=storage.region,
        headers=unsigned,
        credentials=credentials(storage),
        content_sha256=EMPTY_SHA256,
        date=now,
    )
    return url.geturl(), {name: str(value) for name, value in signed.items()}


def error_code(headers: Mapping[str, str], body: bytes) -> str:
    """S3's code of an error; a HEAD has no body, MinIO then says it in a header. Empty when there is none."""
    found = _CODE.search(body)
    return found[1].decode() if found else headers.get("x-minio-error-code", "")


def error_of(storage: StorageSettings, status: int, code: str, key: str) -> StoreError:
    """The error that an answer other than 2xx stands for."""
    where = f"{storage.endpoint} answered {status} {code}".rstrip()
    if code == "NoSuchBucket":
        return BucketMissing(f"The bucket {storage.bucket} does not exist at {storage.endpoint}.")
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{key} is not in the bucket {storage.bucket}.")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Denied(f"{where} for {key}: check the object store's credential, its rights and the clocks.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.REQUEST_TIMEOUT,
    ):
        return StoreUnavailable(f"{where} for {key}.")
    return StoreError(f"{where} for {key}: check storage.endpoint and storage.region.")
