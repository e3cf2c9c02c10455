"""A real MinIO on a loopback port, with one bucket, that can be stopped and started again.

The binary is the one that `python3 -m cluster tools --only minio` builds into the cache.
"""

import base64
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import urllib3
from agentjob_api.grant import UploadGrant
from cluster.toolbuild import ensure_binaries
from minio import Minio
from minio.error import S3Error
from minio.signer import get_credential_string, post_presign_v4

from support.loopback import free_port, wait_until_accepts
from support.patience import until

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "test-access", "test-secret-key", "us-east-1", "agentjob"


@dataclass
class MinioServer:
    """One server and its data."""

    data: Path
    port: int = field(default_factory=free_port)
    root: tuple[str, str] = (ACCESS_KEY, SECRET_KEY)
    variables: dict[str, str] = field(default_factory=dict)
    """Further MINIO_… variables."""
    _process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Base URL."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        command: list[str | Path] = [
            ensure_binaries("minio")["minio"],
            "server",
            "--quiet",
            "--address",
            f"127.0.0.1:{self.port}",
            self.data,
        ]
        environment = os.environ | {
            "MINIO_ROOT_USER": self.root[0],
            "MINIO_ROOT_PASSWORD": self.root[1],
            "MINIO_BROWSER": "off",
            **self.variables,
        }
        environment |= {"MINIO_CONFIG_ENV_FILE": "", "HOME": str(self.data), "MINIO_UPDATE": "off"}
        with (self.data.parent / "minio.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        wait_until_accepts(self.port)
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        # Who asks for anything else before is told "Retry-After: 60", and clients obey.
        url = f"{self.endpoint}/minio/health/cluster"
        until(
            lambda: urllib3.request("GET", url, timeout=10, retries=False).status == 200,
            f"MinIO on port {self.port} is ready",
            60,
        )

    def freeze(self) -> None:
        """It answers nobody any more, and closes no connection."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """Returns when its port is closed; open connections are reset."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> Minio:
        """The administrator's client."""
        return Minio(f"127.0.0.1:{self.port}", *self.root, secure=False, region=REGION)

    def grant(
        self, prefix: str, max_bytes: int = 1 << 30, lifetime: timedelta = timedelta(hours=1), bucket: str = BUCKET
    ) -> UploadGrant:
        """A POST policy for `prefix`; a negative lifetime gives one that has expired."""
        now = datetime.now(UTC)
        credential = get_credential_string(ACCESS_KEY, now, REGION)
        fields = {
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": credential,
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        }
        conditions = [
            ["eq", "$bucket", bucket],
            ["starts-with", "$key", prefix],
            ["content-length-range", 0, max_bytes],
        ]
        conditions += [["starts-with", "$x-amz-checksum-sha256", ""], *(["eq", f"${k}", v] for k, v in fields.items())]
        expires = (now + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
        policy = base64.b64encode(json.dumps({"expiration": expires, "conditions": conditions}).encode()).decode()
        signature = post_presign_v4(data=policy, secret_key=SECRET_KEY, date=now, region=REGION)
        return UploadGrant(
            url=f"{self.endpoint}/{bucket}",
            fields=fields | {"policy": policy, "x-amz-signature": signature},
            key_prefix=prefix,
            max_bytes=max_bytes,
            expires_at=expires,
        )

    def names(self, prefix: str) -> list[str]:
        """Names of the objects under `prefix`, without it."""
        found = self.client().list_objects(BUCKET, prefix, recursive=True)
        return sorted(str(each.object_name).removeprefix(prefix) for each in found)

    def read(self, key: str) -> bytes:
        """An object's bytes. Raises `S3Error`."""
        response = self.client().get_object(BUCKET, key)
        try:
            return bytes(response.data)
        finally:
            response.close()
            response.release_conn()


@contextmanager
def running_minio(folder: Path) -> Iterator[MinioServer]:
    """A server with the bucket, ended at exit whatever happened."""
    data = folder / "data"
    data.mkdir()
    server = MinioServer(data)
    server.start()
    try:
        _make_bucket(server.client())
        yield server
    finally:
        server.stop()


def _make_bucket(client: Minio) -> None:
    try:
        client.make_bucket(BUCKET)
    except S3Error as error:
        if error.code != "BucketAlreadyOwnedByYou":
            raise
