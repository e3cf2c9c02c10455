"""What is signed for others: the pod's grants and people's download URLs. Pure: the clock is an argument, nothing is asked."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from agentjob_api.grant import RestoreGrant, UploadGrant
from agentjob_api.workspace import MAX_URL_EXPIRY_SECONDS
from minio.signer import get_credential_string, post_presign_v4, presign_v4

from agentjob_operator.manifests import Attempt
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage.addresses import bucket_url, object_url
from agentjob_operator.storage.http import credentials

ALGORITHM = "AWS4-HMAC-SHA256"
SMALLEST_UPLOAD_LIMIT = 64 * 1024**2
"""The policy's size range holds for event segments and report, too, however small `archive.maxBytes` is."""

RESTORE_SECONDS = 3600
"""Beside the start deadline: clocks that differ, images, and a prepare that tries again."""


def key_prefix(storage: StorageSettings, attempt: Attempt) -> str:
    """`<prefix>/<namespace>/<name>/<uid>/<attempt>/`: nobody else's, not even an AgentJob's of the same name later."""
    own = f"{attempt.namespace}/{attempt.name}/{attempt.uid}/{attempt.number}/"
    return f"{storage.prefix}/{own}" if storage.prefix else own


def upload_grant(attempt: Attempt, storage: StorageSettings, now: datetime) -> UploadGrant:
    """A POST policy for the attempt's prefix and lifetime. `now` is aware and UTC.

    The condition on the checksum lets the store verify each upload against the SHA-256 in its form.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    expires = now + timedelta(seconds=attempt.lifetime_seconds)
    prefix = key_prefix(storage, attempt)
    max_bytes = max(attempt.spec.archive.max_bytes, SMALLEST_UPLOAD_LIMIT)
    conditions = [
        ["eq", "$bucket", storage.bucket],
        ["starts-with", "$key", prefix],
        ["content-length-range", 0, max_bytes],
        ["starts-with", "$x-amz-checksum-sha256", ""],
    ]
    return UploadGrant(
        url=bucket_url(storage, storage.endpoint),
        fields=_signed_fields(storage, conditions, expires, now),
        key_prefix=prefix,
        max_bytes=max_bytes,
        expires_at=_rfc3339(expires),
    )


def restore_grant(
    attempt: Attempt, storage: StorageSettings, key: str, *, size: int, sha256: str, now: datetime
) -> RestoreGrant:
    """A presigned GET of one checkpoint, for as long as `attempt` may take to begin with it."""
    seconds = min(attempt.spec.limits.start_deadline_seconds + RESTORE_SECONDS, MAX_URL_EXPIRY_SECONDS)
    token = storage.session_token
    query = {} if token is None else {"X-Amz-Security-Token": token.get_secret_value()}
    return RestoreGrant(
        url=_presigned_get(storage, storage.endpoint, key, query, seconds=seconds, now=now),
        key=key,
        bytes=size,
        sha256=sha256,
        expires_at=_rfc3339(now + timedelta(seconds=seconds)),
    )


def download_url(
    storage: StorageSettings, key: str, name: str, expiry_seconds: int, now: datetime
) -> tuple[str, datetime]:
    """A presigned GET of `key` on the public endpoint, saved as `<name>` with the key's extension; and when it ends."""
    filename = name + "." + key.rsplit("/", 1)[-1].partition(".")[2]
    query = {"response-content-disposition": f'attachment; filename="{filename}"'}
    if storage.session_token:
        query["X-Amz-Security-Token"] = storage.session_token.get_secret_value()
    url = _presigned_get(storage, storage.download_endpoint, key, query, seconds=expiry_seconds, now=now)
    return url, now + timedelta(seconds=expiry_seconds)


def _presigned_get(
    storage: StorageSettings, endpoint: str, key: str, query: Mapping[str, str], *, seconds: int, now: datetime
) -> str:
    text = "&".join(f"{quote(field, safe='')}={quote(value, safe='')}" for field, value in query.items())
    url = urlsplit(object_url(storage, endpoint, key) + (f"?{text}" if text else ""))
    signed = presign_v4(
        method="GET", url=url, region=storage.region, credentials=credentials(storage), date=now, expires=seconds
    )
    return signed.geturl()


def _signed_fields(storage: StorageSettings, conditions: list[Any], expires: datetime, now: datetime) -> dict[str, str]:
    fields = {
        "x-amz-algorithm": ALGORITHM,
        "x-amz-credential": get_credential_string(storage.access_key.get_secret_value(), now, storage.region),
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
    }
    if storage.session_token:
        fields["x-amz-security-token"] = storage.session_token.get_secret_value()
    signed = [*conditions, *(["eq", f"${name}", value] for name, value in fields.items())]
    # minio's PostPolicy reads the clock itself and refuses conditions on x-amz-*, so the document is written here.
    document = {"expiration": _rfc3339(expires), "conditions": signed}
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    signature = post_presign_v4(policy, storage.secret_key.get_secret_value(), now, storage.region)
    return fields | {"policy": policy, "x-amz-signature": signature}


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
