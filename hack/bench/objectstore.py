"""A real MinIO on loopback, into which the harness puts what the simulated couriers report."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import urllib3
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage.ensure_bucket import client, ensure
from agentjob_operator.storage.http import credentials
from cluster import processes
from cluster.errors import ClusterError
from cluster.toolbuild import ensure_binaries
from minio.error import ServerError
from minio.signer import presign_v4
from yarl import URL

from bench.archived import ARCHIVE, archive_key

START_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Store:
    """One server, its bucket, and how to log in."""

    settings: StorageSettings
    server: processes.Server

    def environment(self) -> dict[str, str]:
        """The operator's configuration."""
        storage = self.settings
        return {
            "AGENTJOB_STORAGE__ENDPOINT": storage.endpoint,
            "AGENTJOB_STORAGE__BUCKET": storage.bucket,
            "AGENTJOB_STORAGE__REGION": storage.region,
            "AGENTJOB_STORAGE__ACCESS_KEY": storage.access_key.get_secret_value(),
            "AGENTJOB_STORAGE__SECRET_KEY": storage.secret_key.get_secret_value(),
        }

    async def upload(self, session: aiohttp.ClientSession, namespace: str, name: str, uid: str) -> None:
        """The archive of an AgentJob's first attempt. Raises `aiohttp.ClientError`."""
        key = archive_key(namespace, name, uid)
        plain = urlsplit(f"{self.settings.endpoint}/{self.settings.bucket}/{key}")
        signed = presign_v4(
            method="PUT",
            url=plain,
            region=self.settings.region,
            credentials=credentials(self.settings),
            date=datetime.now(UTC),
            expires=3600,
        )
        async with session.put(URL(signed.geturl(), encoded=True), data=ARCHIVE) as answer:
            answer.raise_for_status()


@contextmanager
def running_store(folder: Path) -> Iterator[Store]:
    """MinIO with the bucket; ended at exit."""
    data = folder / "objects"
    data.mkdir(parents=True)
    port = processes.free_port()
    access, secret = "bench-access", "bench-secret-key"  # of a server that lives for minutes, on loopback
    environment = {"MINIO_ROOT_USER": access, "MINIO_ROOT_PASSWORD": secret, "MINIO_BROWSER": "off"}
    environment |= {"MINIO_CONFIG_ENV_FILE": "", "MINIO_UPDATE": "off", "HOME": str(data)}
    command = [str(ensure_binaries("minio")["minio"]), "server", "--quiet", "--address", f"127.0.0.1:{port}", str(data)]
    server = processes.start_server("minio", command, folder / "minio.log", environment=os.environ | environment)
    try:
        settings = StorageSettings.model_validate(
            {
                "endpoint": f"http://127.0.0.1:{port}",
                "bucket": "agentjob",
                "region": "us-east-1",
                "access_key": access,
                "secret_key": secret,
            }
        )
        _ensure_bucket(settings, server)
        yield Store(settings, server)
    finally:
        server.stop()


def _ensure_bucket(settings: StorageSettings, server: processes.Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        server.check_alive()
        try:
            ensure(client(settings), settings)
            return
        # 503 while it starts.
        except (urllib3.exceptions.HTTPError, ServerError) as error:
            if time.monotonic() > deadline:
                raise ClusterError(f"MinIO does not answer: {error}") from error
            time.sleep(0.1)
