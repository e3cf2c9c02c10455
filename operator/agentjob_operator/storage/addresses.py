"""Where a bucket is: path-style or virtual-host-style URLs. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

import re
from typing import Final
from urllib.parse import quote, urlsplit

from agentjob_operator.settings import StorageSettings

_AWS: Final = re.compile(r"(^|\.)amazonaws\.com(\.cn)?$")


def bucket_url(storage: StorageSettings, endpoint: str) -> str:
    """The bucket at `endpoint`, without a slash at the end: `http://minio:9000/bucket`, or `https://bucket.s3.example.com`."""
    parts = urlsplit(endpoint)
    if _is_virtual(storage, parts.hostname or ""):
        return f"{parts.scheme}://{storage.bucket}.{parts.netloc}"
    return f"{endpoint}/{storage.bucket}"


def object_url(storage: StorageSettings, endpoint: str, key: str) -> str:
    """An object in it, without a signature."""
    return f"{bucket_url(storage, endpoint)}/{quote(key)}"


def _is_virtual(storage: StorageSettings, host: str) -> bool:
    if storage.addressing_style != "auto":
        return storage.addressing_style == "virtual"
    # A wildcard certificate holds for one label: a bucket with dots has to be in the path.
    return bool(_AWS.search(host)) and "." not in storage.bucket
