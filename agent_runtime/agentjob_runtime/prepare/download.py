"""Reads one object by its presigned URL as a stream that goes on where the network broke it, and verifies it."""

import hashlib
import http.client
import logging
import os
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from agentjob_api.grant import RestoreGrant
from agentjob_api.pod import ENV_STORE_CA
from agentjob_api.wire import WireError

from agentjob_runtime.common.http_connection import connect

_log = logging.getLogger(__name__)
TRIES: Final = 40
"""Failures of one download; with the pauses below a store may be away for some eight minutes."""
PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
SECONDS: Final = 1800.0
"""For everything together."""
_SILENCE: Final = 60.0
_RETRIED: Final = {408, 429, 500, 502, 503, 504}


class DownloadError(Exception):
    """It cannot be had, or is not what it should be; the message is a sentence without any part of the URL."""


def read_restore_grant(path: Path) -> RestoreGrant:
    """The grant as it is mounted now. Raises `DownloadError`."""
    try:
        return RestoreGrant.from_json(path.read_bytes())
    except OSError as error:
        raise DownloadError(f"{path} cannot be read: {error.strerror}.") from error
    except WireError:
        # The error's own text may quote the input, and that is a secret.
        raise DownloadError(f"{path} is not a RestoreGrant.") from None


class Download:
    """A `checkpoint.unpack.Source`. The grant is read again before each try: it may have been renewed."""

    def __init__(self, grant_path: Path, tries: int = TRIES) -> None:
        self._grant_path, self._tries = grant_path, tries
        self._grant = read_restore_grant(grant_path)
        self._deadline = time.monotonic() + SECONDS
        self._hash = hashlib.sha256(usedforsecurity=False)
        self._at = self._failures = 0
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end. Raises `DownloadError`."""
        while self._at < self._grant.bytes:
            try:
                response = self._response or self._open()
                data = response.read(min(size, self._grant.bytes - self._at))
            except (OSError, http.client.HTTPException) as error:
                self._failed(str(error) or type(error).__name__)
                continue
            if data:
                self._at += len(data)
                self._hash.update(data)
                return data
            self._failed("the connection ended early")
        return b""

    def verify(self) -> None:
        """Reads what is left. Raises `DownloadError` unless size and SHA-256 are those of the grant."""
        while self.read(1 << 20):
            pass
        if self._hash.hexdigest() != self._grant.sha256:
            raise DownloadError("Its SHA-256 is not the one that the store had verified.")

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._response = None

    def _open(self) -> http.client.HTTPResponse:
        self._grant = read_restore_grant(self._grant_path)
        parts = urlsplit(self._grant.url)
        self._connection = connect(parts, _SILENCE, os.environ.get(ENV_STORE_CA, ""))
        headers = {"Range": f"bytes={self._at}-"} if self._at else {}
        self._connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        response = self._connection.getresponse()
        if response.status in _RETRIED:
            raise http.client.HTTPException(f"HTTP {response.status}")
        if response.status != (206 if self._at else 200):
            raise DownloadError(f"The object store refuses it: HTTP {response.status}.")
        total = self._at + (response.length or 0)
        if total != self._grant.bytes:
            raise DownloadError(f"It has {total:,} bytes in the store, not {self._grant.bytes:,}.")
        self._response = response
        return response

    def _failed(self, detail: str) -> None:
        self.close()
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        if self._failures >= self._tries or time.monotonic() + pause > self._deadline:
            raise DownloadError(f"The object store does not give it ({detail}, try {self._failures}).")
        _log.warning("%s at byte %d (try %d); again in %.1f s", detail, self._at, self._failures, pause)
        time.sleep(pause)
