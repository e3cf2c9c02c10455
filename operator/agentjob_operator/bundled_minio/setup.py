"""Bucket, retention rule and the operator's user: made with the root login, any number of times, with the same result."""

import json
from urllib.parse import urlsplit

import structlog
import urllib3
from minio import Minio
from minio.credentials.providers import StaticProvider
from minio.error import S3Error
from minio.minioadmin import MinioAdmin

from agentjob_operator.bundled_minio.rights import POLICY, policy_document
from agentjob_operator.bundled_minio.settings import KeeperSettings
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage.ensure_bucket import client, ensure

_LOGIN_REFUSED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch")


class Setup:
    """One MinIO and what has to be there. Raises `minio.error`'s and urllib3's errors."""

    def __init__(self, settings: KeeperSettings) -> None:
        self._storage = settings.storage
        self._root: Minio = client(settings.root)
        self._operator: Minio = client(settings.storage)
        self._admin = _admin(settings.root)

    def make(self) -> None:
        """All of it. A user of ours under another name is an earlier login, which ends here."""
        ensure(self._root, self._storage)
        user = self._storage.access_key.get_secret_value()
        self._admin.policy_add(POLICY, policy=policy_document(self._storage))
        self._admin.user_add(user, self._storage.secret_key.get_secret_value())
        self._admin.policy_set(POLICY, user=user)
        for name, found in json.loads(self._admin.user_list()).items():
            if name != user and found.get("policyName") == POLICY:
                self._admin.user_remove(name)
                structlog.get_logger("bundled_minio").info("earlier user removed", user=name)

    def is_complete(self) -> bool:
        """Whether the operator's login finds the bucket: one request, without the root login."""
        try:
            return self._operator.bucket_exists(self._storage.bucket)
        except S3Error as error:
            if error.code in _LOGIN_REFUSED:
                return False
            raise


def _admin(root: StorageSettings) -> MinioAdmin:
    endpoint = urlsplit(root.endpoint)
    return MinioAdmin(
        endpoint=endpoint.netloc,
        credentials=StaticProvider(root.access_key.get_secret_value(), root.secret_key.get_secret_value()),
        region=root.region,
        secure=endpoint.scheme == "https",
        http_client=urllib3.PoolManager(timeout=urllib3.Timeout(total=root.timeout_seconds), retries=False),
    )
