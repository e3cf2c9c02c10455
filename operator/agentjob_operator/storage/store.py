"""The operator's own requests to the store: the report of an attempt whose pod is gone, and what is stored under a key."""

import base64
import binascii
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import aiohttp
import structlog
from agentjob_api.grant import ObjectName
from agentjob_api.report import StoredObject
from yarl import URL

from agentjob_operator.clock import Clock
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage.errors import NotFound, StoreError, StoreUnavailable
from agentjob_operator.storage.http import error_code, error_of, signed_request

MAX_BODY_BYTES: Final = 16 * 1024
"""Far above `pod.REPORT_MAX_BYTES`: whatever else lies there is not read into memory."""
MAX_CONNECTIONS: Final = 16
TOO_SKEWED: Final = "RequestTimeTooSkewed"
"""S3's code for a request that was signed more than 15 minutes away from the store's time."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ObjectHead:
    """What the store says of an object."""

    key: str
    bytes: int
    sha256: str | None
    """Lower-case hex; None where the store keeps no SHA-256 of the whole object."""
    etag: str


class ObjectStore:
    """One client for the life of the operator: `async with ObjectStore(settings.storage) as store`.

    Each request takes at most `timeout_seconds` and is sent once: whoever calls knows whether to try again.
    """

    def __init__(self, storage: StorageSettings, clock: Clock) -> None:
        self._storage, self.clock = storage, clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=MAX_CONNECTIONS, ssl=ssl.create_default_context(cadata=self._storage.ca_pem)
            ),
            timeout=aiohttp.ClientTimeout(total=self._storage.timeout_seconds),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def compare_clocks(self) -> None:
        """Before the first grant is signed. A store that does not answer is none the worse here: that is logged."""
        try:
            async with self._session_now().head(self._storage.endpoint, allow_redirects=False) as response:
                self.clock.heard(response.headers.get("Date"))
        except (aiohttp.ClientError, TimeoutError) as error:
            logger.warning(f"the object store does not answer: {error or type(error).__name__}")

    async def fetch_report(self, prefix: str) -> bytes | None:
        """`result.json` under `prefix`, or None when there is none (yet). Raises `StoreError`, also for more than a report can be."""
        return await self._small(prefix + ObjectName.RESULT, "report")

    async def fetch_usage(self, prefix: str) -> bytes | None:
        """`usage.json` under `prefix`, or None when there is none. Raises `StoreError` as `fetch_report` does."""
        return await self._small(prefix + ObjectName.USAGE, "count of usage")

    async def _small(self, key: str, what: str) -> bytes | None:
        try:
            _, body = await self._request("GET", key, {})
        except NotFound:
            return None
        if len(body) > MAX_BODY_BYTES:
            raise StoreError(f"{key} has more than {MAX_BODY_BYTES} bytes: it is no {what}.")
        return body

    async def head(self, key: str) -> ObjectHead:
        """Size and checksum of `key`. Raises `StoreError`."""
        headers, _ = await self._request("HEAD", key, {"x-amz-checksum-mode": "ENABLED"})
        return ObjectHead(
            key=key,
            bytes=int(headers.get("Content-Length", "-1")),
            sha256=_hex_sha256(headers.get("x-amz-checksum-sha256", "")),
            etag=headers.get("ETag", "").strip('"'),
        )

    async def _request(self, method: str, key: str, extra: dict[str, str]) -> tuple[Mapping[str, str], bytes]:
        for skewed in (False, True):
            status, headers, body = await self._send(method, key, extra)
            if status == HTTPStatus.OK:
                return headers, body
            code = error_code(headers, body)
            # Its answer tells what time it has: signed by that it is asked once more.
            if code != TOO_SKEWED or skewed:
                raise error_of(self._storage, status, code, key)
        raise AssertionError("the second try returns or raises")

    async def _send(self, method: str, key: str, extra: dict[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        session = self._session_now()
        url, headers = signed_request(self._storage, method, key, extra, self.clock.now())
        try:
            async with session.request(
                method, URL(url, encoded=True), headers=headers, allow_redirects=False
            ) as response:
                body = await _read_bounded(response)
                self.clock.heard(response.headers.get("Date"))
                return response.status, response.headers, body
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise StoreUnavailable(f"{self._storage.endpoint} cannot be reached: {reason}") from error

    def _session_now(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("ObjectStore is used outside `async with`")
        return self._session


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    # One byte more than allowed, so that the caller sees that it is too much.
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return body


def mismatch(claimed: StoredObject, stored: ObjectHead) -> str | None:
    """A sentence on how the store's view differs from the report's claim, by SHA-256 where the store has it, else by size; None when it does not."""
    if stored.bytes != claimed.bytes:
        return f"{claimed.key} has {stored.bytes} bytes in the store; the report says {claimed.bytes}."
    if stored.sha256 is not None and stored.sha256 != claimed.sha256:
        return f"{claimed.key} has the SHA-256 {stored.sha256} in the store; the report says {claimed.sha256}."
    return None


def _hex_sha256(checksum: str) -> str | None:
    # "…-3" is a checksum of checksums (multipart): not that of the object.
    if not checksum or "-" in checksum:
        return None
    try:
        digest = base64.b64decode(checksum, validate=True)
    except binascii.Error:
        return None
    return digest.hex() if len(digest) == 32 else None
