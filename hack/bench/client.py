"""The harness's way to the API server: raw requests, and watches that may ask for metadata only."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import kopf
import orjson
import yaml
from agentjob_operator.kube.auth import Cluster
from agentjob_operator.kube.client import split_lines
from cluster import console

METADATA_ONLY: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
MERGE_PATCH: Final = "application/merge-patch+json"
CONNECTIONS: Final = 64
TRIES: Final = 30


class Refused(Exception):  # noqa: N818 - named for the state
    """The API server refused a request of the harness."""


def connection_of(kubeconfig: Path) -> kopf.ConnectionInfo:
    """The current context of this one file: kopf's own login knows `$KUBECONFIG` only."""
    file = yaml.safe_load(kubeconfig.read_text())

    def named(kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(one[kind] for one in file[f"{kind}s"] if one["name"] == name)
        return found

    context = named("context", file["current-context"])
    cluster, user = named("cluster", context["cluster"]), named("user", context["user"])
    return kopf.ConnectionInfo(
        server=cluster["server"],
        ca_path=cluster.get("certificate-authority"),
        ca_data=cluster.get("certificate-authority-data"),
        certificate_path=user.get("client-certificate"),
        certificate_data=user.get("client-certificate-data"),
        private_key_path=user.get("client-key"),
        private_key_data=user.get("client-key-data"),
        token=user.get("token"),
    )


def cluster_of(kubeconfig: Path) -> Cluster:
    """Where it is and how to log in."""
    return Cluster(connection_of(kubeconfig))


class Client:
    """`async with Client(cluster) as api`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._url = cluster, cluster.server
        self._headers = {"User-Agent": "agentjob-bench"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._headers |= await self._cluster.headers()
        # Watches have connections of their own.
        connector = aiohttp.TCPConnector(limit=CONNECTIONS + 8, ssl=self._cluster.ssl_context())
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """Open."""
        if self._session is None:
            raise RuntimeError("used outside of its `async with`")
        return self._session

    async def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """The answer's object. Raises `Refused`."""
        data = None if body is None else orjson.dumps(body)
        headers = self._headers | {"Content-Type": content_type, "Accept": "application/json"}
        return orjson.loads(await self._answer(method, path, data, headers))

    async def text(self, path: str) -> str:
        """What is no JSON: metrics, logs. Raises `Refused`."""
        return (await self._answer("GET", path, None, self._headers)).decode(errors="replace")

    async def _answer(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> bytes:
        for patience in range(TRIES, -1, -1):
            async with self.session.request(method, self._url + path, data=data, headers=headers) as answer:
                text = await answer.read()
            # Of a CRD that is new: "storage is (re)initializing".
            if answer.status != 429 or not patience:
                break
            console.say(f"  {method} {path}: 429, again in a second")
            await asyncio.sleep(1)
        if answer.status >= 400:
            raise Refused(f"{method} {path}: {answer.status} {text[:500].decode(errors='replace')}")
        return text

    async def watch(
        self, path: str, params: dict[str, str], *, metadata_only: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """Events from now on. A stream that ends is taken up again: those of a new CRD do, when its storage is made anew. Raises `Refused`."""
        version = (await self.request("GET", f"{path}?limit=1"))["metadata"]["resourceVersion"]
        headers = self._headers | {"Accept": METADATA_ONLY if metadata_only else "application/json"}
        for tries in itertools.count(1):
            query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "3600"}
            async with self.session.get(self._url + path, params=query | params, headers=headers) as stream:
                if stream.status not in (200, 429) or tries > TRIES:
                    raise Refused(f"WATCH {path}: {stream.status}, try {tries}")
                if stream.status == 200:
                    async for line in split_lines(stream.content.iter_any()):
                        event = orjson.loads(line)
                        version = event["object"]["metadata"].get("resourceVersion", version)
                        yield event
            console.say(f"  the watch of {path} ended ({stream.status}), again")
            await asyncio.sleep(0.2)
