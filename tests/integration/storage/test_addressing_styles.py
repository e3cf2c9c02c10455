"""Path-style and virtual-host-style URLs, both against a real MinIO that knows its domain: uploads, downloads, the operator's own requests."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from agentjob_operator.clock import Clock
from agentjob_operator.manifests import Attempt
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage import NotFound, ObjectStore, download_url, restore_grant, upload_grant
from agentjob_operator.storage.ensure_bucket import client, ensure
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.post import post
from support.minio import ACCESS_KEY, SECRET_KEY, MinioServer
from yarl import URL

DOMAIN = "s3.example.test"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """It takes `bucket.DOMAIN` for a bucket."""
    data = tmp_path_factory.mktemp("addressed") / "data"
    data.mkdir()
    made = MinioServer(data, variables={"MINIO_DOMAIN": DOMAIN})
    made.start()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The part of a DNS: everything below the domain is this machine."""
    real = socket.getaddrinfo

    def lookup(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return real("127.0.0.1" if str(name).endswith(DOMAIN) else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def storage_of(server: MinioServer, style: str, **changes: Any) -> StorageSettings:
    """By the server's name, not its address."""
    values = {"endpoint": f"http://{DOMAIN}:{server.port}", "bucket": f"{style}-bucket", "addressing_style": style}
    return StorageSettings.model_validate(values | {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY} | changes)


@pytest.mark.parametrize(
    ("style", "host", "path"),
    [
        ("path", DOMAIN, "/path-bucket/"),
        ("virtual", f"virtual-bucket.{DOMAIN}", "/"),
        ("auto", DOMAIN, "/auto-bucket/"),
    ],
)
async def test_everything_that_is_signed_is_accepted(
    server: MinioServer, attempt: Attempt, style: str, host: str, path: str
) -> None:
    """The bucket Job, the courier's own upload, HEAD and report, a person's download, a restore: in the style that was asked for."""
    storage, now = storage_of(server, style), datetime.now(UTC)
    ensure(client(storage), storage)
    grant = upload_grant(attempt, storage, now)
    assert urlsplit(grant.url).hostname == host
    assert post(grant, "result.json", Payload.of(b"data"), 10, lambda: 10).status == 204
    key = grant.key_prefix + "result.json"
    async with ObjectStore(storage, Clock("the store")) as store:
        assert (await store.head(key)).bytes == 4
        assert await store.fetch_report(grant.key_prefix) == b"data"
        with pytest.raises(NotFound):
            await store.head(grant.key_prefix + "other")
    restore = restore_grant(attempt, storage, key, size=4, sha256="0" * 64, now=now)
    for url in (download_url(storage, key, "todo", 60, now)[0], restore.url):
        assert (urlsplit(url).hostname, urlsplit(url).path) == (host, path + key)
        async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True)) as response:
            assert (response.status, await response.read()) == (200, b"data")
