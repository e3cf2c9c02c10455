"""The object store: what the operator signs (pure) and what it asks the store itself (`ObjectStore`).

key_prefix, upload_grant, restore_grant, download_url      pure
ObjectStore                                 result.json and HEAD
StoreError and below                        what can go wrong there
"""

from agentjob_operator.storage.errors import BucketMissing, Denied, NotFound, StoreError, StoreUnavailable
from agentjob_operator.storage.grants import download_url, key_prefix, restore_grant, upload_grant
from agentjob_operator.storage.store import ObjectHead, ObjectStore, mismatch

__all__ = [
    "BucketMissing",
    "Denied",
    "NotFound",
    "ObjectHead",
    "ObjectStore",
    "StoreError",
    "StoreUnavailable",
    "download_url",
    "key_prefix",
    "mismatch",
    "restore_grant",
    "upload_grant",
]
