"""One request to the API server: raw JSON in and out, errors by class. 0.2 ms of CPU where typed clients take 1.0."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson

from agentjob_operator.clock import Clock
from agentjob_operator.kube.auth import Cluster, load_cluster
from agentjob_operator.kube.errors import NotLeading, Unauthorized, Unavailable, error_of
from agentjob_operator.kube.throttle import Throttle
from agentjob_operator.metrics.requests import RequestMetrics

JSON: Final = "application/json"
METADATA: Final = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
MERGE_PATCH: Final = "application/merge-patch+json"
USER_AGENT: Final = "agentjob-operator"

logger = logging.getLogger(__name__)


class KubeClient:
    """`async with KubeClient(cluster, …) as kube: await kube.get(path)`. Retries nothing but a 401, once, with a token read anew."""

    def __init__(
        self,
        cluster: Cluster,
        *,
        timeout_seconds: float,
        qps: float,
        burst: int,
        connections: int,
        metrics: RequestMetrics,
        clock: Clock,
    ) -> None:
        self._cluster, self._metrics, self._clock = cluster, metrics, clock
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._throttle = Throttle(qps, burst)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self.may_write: Callable[[], bool] = lambda: True
        """Asked before each request that writes: a process that stood still for longer than its Lease must not go on where it was."""

    async def __aenter__(self) -> Self:
        self._session = self._new_session()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def cluster(self) -> Cluster:
        """As last loaded."""
        return self._cluster

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return await self.request("GET", path, params=params)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self.request("POST", path, body=body)

    async def create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """As `post`; of the answer only `metadata`: the rest is what was sent, and all of a Job is 8 kB to encode, decrypt and decode."""
        return await self.request("POST", path, body=body, accept=METADATA)

    async def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self.request("PUT", path, body=body)

    async def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A merge patch."""
        return await self.request("PATCH", path, body=body, content_type=MERGE_PATCH)

    async def delete(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """`body` is a DeleteOptions."""
        return await self.request("DELETE", path, body=body)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> dict[str, Any]:
        """The decoded answer. Raises `kube.errors.KubeError`."""
        await self._throttle.acquire()
        data = None if body is None else orjson.dumps(body)
        own = {"Accept": accept} if data is None else {"Accept": accept, "Content-Type": content_type}
        try:
            return await self._send(method, path, params, data, own)
        except Unauthorized:
            logger.warning("401 from the API server: reading the credential again")
            await self._renew()
            return await self._send(method, path, params, data, own)

    async def stream(self, path: str, params: Mapping[str, str], *, quiet_seconds: float) -> AsyncIterator[bytes]:
        """Lines of a watch, until the server ends it. Raises `KubeError`, also when nothing comes for `quiet_seconds`."""
        session = self._session_now()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout.total, sock_read=quiet_seconds)
        url, headers = self._cluster.server + path, await self._cluster.headers()
        started = time.perf_counter()
        try:
            async with session.get(url, params=params, headers=headers, timeout=timeout) as response:
                self._metrics.seen("GET", path, response.status, time.perf_counter() - started, watch=True)
                if response.status >= 400:
                    answer = _decode(await response.read(), response.status)
                    raise error_of(response.status, answer, response.headers.get("Retry-After"), f"WATCH {path}")
                async for line in split_lines(response.content.iter_any()):
                    yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"WATCH {path}: {error or type(error).__name__}") from error
        except Unauthorized:
            await self._renew()
            raise

    def _session_now(self) -> aiohttp.ClientSession:
        assert self._session is not None, "used outside of its `async with`"  # noqa: S101 - a programming error
        return self._session

    async def _send(
        self, method: str, path: str, params: Mapping[str, str] | None, data: bytes | None, own: Mapping[str, str]
    ) -> dict[str, Any]:
        session, headers = self._session_now(), {**await self._cluster.headers(), **own}
        if method != "GET" and not self.may_write():
            raise NotLeading(f"{method} {path} is not sent: the Lease is not held any more")
        url, started = self._cluster.server + path, time.perf_counter()
        try:
            async with session.request(method, url, params=params, data=data, headers=headers) as response:
                text = await response.read()
                status, retry_after = response.status, response.headers.get("Retry-After")
                self._clock.heard(response.headers.get("Date"))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._metrics.seen(method, path, 0, time.perf_counter() - started)
            raise Unavailable(f"{method} {path}: {error or type(error).__name__}") from error
        self._metrics.seen(method, path, status, time.perf_counter() - started)
        answer = _decode(text, status)
        if status >= 400:
            raise error_of(status, answer, retry_after, f"{method} {path}")
        return answer

    async def _renew(self) -> None:
        self._cluster = await load_cluster()
        old, self._session = self._session, self._new_session()
        if old is not None:
            # Requests under way keep their connections; they are given the time that a request may take.
            asyncio.get_running_loop().call_later(self._timeout.total or 0, lambda: asyncio.ensure_future(old.close()))

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._connections, ssl=self._cluster.ssl_context())
        return aiohttp.ClientSession(
            connector=connector, timeout=self._timeout, headers={"Accept": JSON, "User-Agent": USER_AGENT}
        )


def _decode(text: bytes, status: int) -> dict[str, Any]:
    try:
        answer = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError as error:
        if status < 400:
            raise Unavailable(f"an answer that is not JSON: {text[:100]!r}") from error
        return {"message": text[:500].decode(errors="replace")}
    return answer if isinstance(answer, dict) else {"message": text[:500].decode(errors="replace")}


async def split_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines of a stream, however long; the last one only when it is complete."""
    rest: list[bytes] = []
    async for chunk in chunks:
        first, *others = chunk.split(b"\n")
        rest.append(first)
        for part in others:
            if line := b"".join(rest):
                yield line
            rest = [part]
