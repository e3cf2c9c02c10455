"""The checkpoint that an attempt after the first goes on from."""

import logging
from dataclasses import replace

from agentjob_api.grant import ObjectName, RestoreGrant

from agentjob_operator.manifests import Attempt
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage import NotFound, ObjectStore, key_prefix, restore_grant

logger = logging.getLogger(__name__)


async def newest_checkpoint(
    store: ObjectStore, storage: StorageSettings, attempt: Attempt
) -> tuple[int, RestoreGrant] | None:
    """The attempt that left it, and the right to read it; None: there is none. One HEAD per earlier attempt. Raises `StoreError`."""
    for number in range(attempt.number - 1, 0, -1):
        key = key_prefix(storage, replace(attempt, number=number)) + ObjectName.CHECKPOINT
        try:
            head = await store.head(key)
        except NotFound:
            continue
        if head.sha256 is None:
            logger.warning("%s is not used: the store keeps no SHA-256 to verify it by", key)
            continue
        return number, restore_grant(attempt, storage, key, size=head.bytes, sha256=head.sha256, now=store.clock.now())
    return None
