"""`python -m agentjob_operator.storage.ensure_bucket`: the bucket exists and has our retention rule. Run by a Job of the chart, for a store
elsewhere, any number of times; in the chart's own MinIO `bundled_minio` sees to it.

Waits for a store that is still starting. Exit codes: 0 done, 1 not done (the log says why; the Job tries again), 2 configuration.
Not part of the operator itself: one that restarts while the store is down must still work.
"""

import ssl
import sys
import time
from typing import Final
from urllib.parse import urlsplit

import structlog
import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.error import MinioException, S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from agentjob_operator.settings import StorageSettings

RULE_ID: Final = "agentjob-retention"
TRIES: Final = 30
PAUSE_SECONDS: Final = 2
_OURS_ALREADY: Final = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")

log = structlog.get_logger("ensure_bucket")


class BucketSettings(BaseSettings):
    """The part of the operator's configuration that is needed here, from the same variables."""

    model_config = SettingsConfigDict(
        env_prefix="AGENTJOB_", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    storage: StorageSettings


def main() -> int:
    """Ensures the bucket that the environment names; returns the exit code."""
    try:
        storage = BucketSettings().storage
    except ValidationError as error:
        log.error("bad configuration", error=str(error))
        return 2
    return 0 if _ensure_with_patience(client(storage), storage) else 1


def client(storage: StorageSettings) -> Minio:
    """A client that tries each request once, within the configured time."""
    endpoint = urlsplit(storage.endpoint)
    token = storage.session_token
    timeout = urllib3.Timeout(total=storage.timeout_seconds)
    pool = urllib3.PoolManager(
        timeout=timeout, retries=False, ssl_context=ssl.create_default_context(cadata=storage.ca_pem)
    )
    made = Minio(
        endpoint.netloc,
        access_key=storage.access_key.get_secret_value(),
        secret_key=storage.secret_key.get_secret_value(),
        session_token=token.get_secret_value() if token else None,
        secure=endpoint.scheme == "https",
        region=storage.region,
        http_client=pool,
    )
    if storage.addressing_style == "virtual":
        made.enable_virtual_style_endpoint()  # type: ignore[no-untyped-call]
    elif storage.addressing_style == "path":
        made.disable_virtual_style_endpoint()  # type: ignore[no-untyped-call]
    return made


def ensure(store: Minio, storage: StorageSettings) -> None:
    """Creates the bucket unless it exists, and makes the retention rule what `storage` says. Raises minio's and urllib3's errors."""
    if not store.bucket_exists(storage.bucket):
        try:
            store.make_bucket(storage.bucket, location=storage.region)
            log.info("bucket created", bucket=storage.bucket)
        except S3Error as error:
            if error.code not in _OURS_ALREADY:
                raise
    _ensure_retention(store, storage)


def _ensure_retention(store: Minio, storage: StorageSettings) -> None:
    # Only our own rule is ours to change: the bucket may be shared.
    config = store.get_bucket_lifecycle(storage.bucket)
    present = list(config.rules) if config else []
    wanted = [rule for rule in present if rule.rule_id != RULE_ID] + _retention_rules(storage)
    if _days(wanted) == _days(present) and len(wanted) == len(present):
        return
    if wanted:
        store.set_bucket_lifecycle(storage.bucket, LifecycleConfig(wanted))
    else:
        store.delete_bucket_lifecycle(storage.bucket)
    log.info("retention set", bucket=storage.bucket, days=storage.retention_days)


def _retention_rules(storage: StorageSettings) -> list[Rule]:
    if storage.retention_days == 0:
        return []
    prefix = f"{storage.prefix}/" if storage.prefix else ""
    expiration = Expiration(days=storage.retention_days)
    return [Rule(ENABLED, rule_filter=Filter(prefix=prefix), rule_id=RULE_ID, expiration=expiration)]


def _days(rules: list[Rule]) -> list[tuple[str | None, int | None]]:
    ours = [rule for rule in rules if rule.rule_id == RULE_ID]
    return [
        (rule.rule_filter.prefix if rule.rule_filter else "", rule.expiration.days if rule.expiration else None)
        for rule in ours
    ]


def _ensure_with_patience(store: Minio, storage: StorageSettings) -> bool:
    for attempt in range(1, TRIES + 1):
        try:
            ensure(store, storage)
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            log.warning("not yet", endpoint=storage.endpoint, attempt=attempt, of=TRIES, error=str(error))
            time.sleep(PAUSE_SECONDS)
        else:
            log.info("bucket is there", bucket=storage.bucket)
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
