"""The archive that every simulated pod reports. Pure."""

from __future__ import annotations

import hashlib
from typing import Final

ARCHIVE: Final = b"an archive of a simulated pod"
ARCHIVE_BYTES: Final = len(ARCHIVE)
ARCHIVE_SHA256: Final = hashlib.sha256(ARCHIVE).hexdigest()


def archive_key(namespace: str, name: str, uid: str) -> str:
    """Where the first attempt's archive lies."""
    return f"{namespace}/{name}/{uid}/1/workspace.zip"
