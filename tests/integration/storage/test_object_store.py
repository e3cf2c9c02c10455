"""The operator's own requests to a real store, and people's downloads by signed URL."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from agentjob_api.report import StoredObject
from agentjob_operator.clock import Clock
from agentjob_operator.manifests import Attempt
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage import (
    BucketMissing,
    Denied,
    NotFound,
    ObjectStore,
    StoreError,
    StoreUnavailable,
    download_url,
    key_prefix,
    mismatch,
    upload_grant,
)
from pydantic import SecretStr
from support.minio import MinioServer, running_minio
from uploads import post
from yarl import URL


@pytest.fixture
async def store(storage: StorageSettings) -> AsyncIterator[ObjectStore]:
    """The operator's client."""
    async with ObjectStore(storage, Clock("the store")) as client:
        yield client


async def upload(storage: StorageSettings, attempt: Attempt, name: str, data: bytes) -> str:
    """As a pod does it; returns the key."""
    grant = upload_grant(attempt, storage, datetime.now(UTC))
    assert (await post(grant, grant.key_prefix + name, data)).status == 204
    return grant.key_prefix + name


async def test_head_returns_size_and_checksum(store: ObjectStore, storage: StorageSettings, attempt: Attempt) -> None:
    """So that uploaded means verified, without reading it again."""
    key = await upload(storage, attempt, "workspace.zip", b"data")
    head = await store.head(key)
    assert (head.key, head.bytes, head.sha256) == (key, 4, hashlib.sha256(b"data").hexdigest())
    assert mismatch(StoredObject(key=key, bytes=4, sha256=hashlib.sha256(b"data").hexdigest()), head) is None
    assert mismatch(StoredObject(key=key, bytes=4, sha256="0" * 64), head) is not None


async def test_head_of_an_object_without_a_checksum(
    store: ObjectStore, minio: MinioServer, storage: StorageSettings, attempt: Attempt
) -> None:
    """Something else put it there: its size is all there is."""
    key = key_prefix(storage, attempt) + "plain"
    await _put_plain(minio, key, b"abc")
    head = await store.head(key)
    assert (head.bytes, head.sha256, head.etag) == (3, None, hashlib.md5(b"abc", usedforsecurity=False).hexdigest())


async def _put_plain(minio: MinioServer, key: str, data: bytes) -> None:
    url = minio.client().presigned_put_object("agentjob", key)
    async with aiohttp.ClientSession() as session, session.put(URL(url, encoded=True), data=data) as response:
        assert response.status == 200


async def test_fetches_the_report(store: ObjectStore, storage: StorageSettings, attempt: Attempt) -> None:
    """The fallback when a pod is gone; None while there is none."""
    prefix = key_prefix(storage, attempt)
    assert await store.fetch_report(prefix) is None
    await upload(storage, attempt, "result.json", b'{"version":1}')
    assert await store.fetch_report(prefix) == b'{"version":1}'


async def test_does_not_read_what_is_too_large_for_a_report(
    store: ObjectStore, storage: StorageSettings, attempt: Attempt
) -> None:
    """The pod's grant allows any object up to its limit; the operator's memory is not the pod's to fill."""
    await upload(storage, attempt, "result.json", bytes(50 * 1024**2))
    with pytest.raises(StoreError, match="no report"):
        await store.fetch_report(key_prefix(storage, attempt))


async def test_a_missing_object_and_a_missing_bucket_are_told_apart(
    store: ObjectStore, storage: StorageSettings, attempt: Attempt
) -> None:
    """The one is news of an attempt, the other a fault of the installation. HEAD answers have no body to read it from."""
    with pytest.raises(NotFound):
        await store.head(key_prefix(storage, attempt) + "workspace.zip")
    async with ObjectStore(storage.model_copy(update={"bucket": "no-such-bucket"}), Clock("the store")) as other:
        with pytest.raises(BucketMissing, match="no-such-bucket"):
            await other.head("a")
        with pytest.raises(BucketMissing):
            await other.fetch_report("a/")


@pytest.mark.parametrize("change", [{"secret_key": SecretStr("hidden-wrong")}, {"access_key": SecretStr("nobody")}])
async def test_a_wrong_credential_is_denied(storage: StorageSettings, change: dict[str, SecretStr]) -> None:
    """The sentence says what to check, without the credential."""
    async with ObjectStore(storage.model_copy(update=change), Clock("the store")) as store:
        with pytest.raises(Denied, match="credential") as refusal:
            await store.fetch_report("a/")
        assert "hidden" not in str(refusal.value)


async def test_a_store_that_is_down_is_unavailable_and_comes_back(tmp_path: Path, storage: StorageSettings) -> None:
    """The same client works again when the store does."""
    with running_minio(tmp_path) as server:
        async with ObjectStore(storage.model_copy(update={"endpoint": server.endpoint}), Clock("the store")) as store:
            assert await store.fetch_report("a/") is None
            server.stop()
            with pytest.raises(StoreUnavailable):
                await store.fetch_report("a/")
            server.start()
            assert await _patiently(store) is None


async def _patiently(store: ObjectStore) -> bytes | None:
    # It listens before it serves, and says 503 meanwhile.
    for _ in range(100):
        try:
            return await store.fetch_report("a/")
        except StoreUnavailable:
            await asyncio.sleep(0.1)
    return await store.fetch_report("a/")


async def test_a_store_that_never_answers_is_unavailable(storage: StorageSettings) -> None:
    """A request has an end of its own: a worker of the operator must not hang on a dead connection."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        silent = storage.model_copy(update={"endpoint": f"http://127.0.0.1:{port}", "timeout_seconds": 0.3})
        async with ObjectStore(silent, Clock("the store")) as store:
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                await store.head("a")


async def get(url: str) -> tuple[int, str | None, bytes]:
    """Status, suggested file name and body."""
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True)) as response:
        return response.status, response.headers.get("Content-Disposition"), await response.read()


async def test_anybody_with_the_url_can_download(storage: StorageSettings, attempt: Attempt) -> None:
    """Under a name that says what it is."""
    key = await upload(storage, attempt, "workspace.zip", b"data")
    url, _ = download_url(storage, key, "todo.app", 60, datetime.now(UTC))
    assert await get(url) == (200, 'attachment; filename="todo.app.zip"', b"data")


async def test_a_download_url_is_for_one_object_and_a_while(storage: StorageSettings, attempt: Attempt) -> None:
    """Another key, and the same key later, are refused."""
    key = await upload(storage, attempt, "workspace.zip", b"data")
    other = await upload(storage, attempt, "other.zip", b"data")
    url, _ = download_url(storage, key, "todo", 60, datetime.now(UTC))
    assert (await get(url.replace(key, other)))[0] == 403
    expired, _ = download_url(storage, key, "todo", 60, datetime.now(UTC) - timedelta(seconds=120))
    assert (await get(expired))[0] == 403
