"""What a real store lets somebody do who holds an attempt's grant: upload under its own prefix, and nothing else."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from agentjob_operator.manifests import Attempt
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage import key_prefix, upload_grant
from attempts import attempt_of
from support.minio import MinioServer
from uploads import post

MIB = 1024**2


async def test_uploads_under_its_own_prefix(minio: MinioServer, storage: StorageSettings, attempt: Attempt) -> None:
    """Any number of objects, as segments of the log need."""
    grant = upload_grant(attempt, storage, datetime.now(UTC))
    for name in ("workspace.zip", "events/000001.jsonl"):
        assert (await post(grant, grant.key_prefix + name, b"data")).status == 204
    assert minio.names(grant.key_prefix) == ["events/000001.jsonl", "workspace.zip"]


async def test_cannot_write_under_a_foreign_prefix(
    minio: MinioServer, storage: StorageSettings, attempt: Attempt
) -> None:
    """Another AgentJob's, another attempt's (10 begins like 1), the bucket's root, and ways around by dots."""
    grant = upload_grant(attempt, storage, datetime.now(UTC))
    own = grant.key_prefix
    foreign = [
        "other/job/uid/1/x",
        own.removesuffix("1/") + "10/x",
        own.removesuffix("1/") + "2/x",
        "x",
        own.upper() + "x",
    ]
    for key in foreign:
        assert (await post(grant, key, b"data")).status == 403, key
    for key in (own + "../2/x", own + "../../x"):
        assert (await post(grant, key, b"data")).status >= 400, key
    assert minio.names("other/") == minio.names(own) == []
    assert minio.names(own.removesuffix("1/") + "2/") == []


async def test_cannot_upload_more_than_the_limit(
    minio: MinioServer, storage: StorageSettings, attempt: Attempt
) -> None:
    """The archive's limit holds at the store, too."""
    grant = upload_grant(attempt, storage, datetime.now(UTC))
    answer = await post(grant, grant.key_prefix + "workspace.zip", bytes(100 * MIB + 1))
    assert answer.status == 400
    assert "EntityTooLarge" in answer.text
    assert minio.names(grant.key_prefix) == []


async def test_the_longest_attempt_uploads_at_its_very_end(minio: MinioServer, storage: StorageSettings) -> None:
    """A week of waiting and a week of work: nothing renews the grant, so it must hold until the archive of that is stored."""
    longest = attempt_of({"task": "x", "limits": {"timeoutSeconds": 604_800, "startDeadlineSeconds": 604_800}})
    grant = upload_grant(longest, storage, datetime.now(UTC) - timedelta(days=14))
    assert (await post(grant, grant.key_prefix + "workspace.zip", b"data")).status == 204
    assert minio.names(grant.key_prefix) == ["workspace.zip"]


async def test_what_arrives_damaged_is_refused(minio: MinioServer, storage: StorageSettings, attempt: Attempt) -> None:
    """The store itself compares the SHA-256 of what it got."""
    grant = upload_grant(attempt, storage, datetime.now(UTC))
    answer = await post(grant, grant.key_prefix + "workspace.zip", b"data", checksum=bytes(32))
    assert answer.status == 400
    assert "XAmzContentChecksumMismatch" in answer.text
    assert minio.names(grant.key_prefix) == []


async def test_ends_with_the_attempt(storage: StorageSettings, attempt: Attempt) -> None:
    """A grant that leaks is worth nothing afterwards."""
    made = datetime.now(UTC) - timedelta(seconds=attempt.lifetime_seconds + 1)
    grant = upload_grant(attempt, storage, made)
    answer = await post(grant, grant.key_prefix + "workspace.zip", b"data")
    assert answer.status == 403
    assert "expired" in answer.text.lower()


@pytest.mark.parametrize("field", ["policy", "x-amz-signature", "x-amz-date", "x-amz-credential"])
async def test_cannot_be_changed(storage: StorageSettings, attempt: Attempt, field: str) -> None:
    """Whatever is changed, the signature does not fit."""
    grant = upload_grant(attempt, storage, datetime.now(UTC))
    other = upload_grant(
        attempt_of({"task": "x"}, uid="other"),
        storage.model_copy(update={"region": "eu-west-1"}),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    changed = grant.replace(fields=grant.fields | {field: other.fields[field]})
    assert (await post(changed, grant.key_prefix + "x", b"data")).status in (400, 403)


async def test_can_neither_read_nor_list(minio: MinioServer, storage: StorageSettings, attempt: Attempt) -> None:
    """The fields of the form are no credential for anything else."""
    grant = upload_grant(attempt, storage, datetime.now(UTC))
    key = grant.key_prefix + "workspace.zip"
    await post(grant, key, b"data")
    async with aiohttp.ClientSession() as session:
        for url in (f"{grant.url}/{key}", f"{grant.url}?prefix={grant.key_prefix}"):
            async with session.get(url, params=grant.fields) as response:
                assert response.status in (400, 403), url


async def test_a_prefix_of_the_administrator_is_a_part_of_the_key(
    minio: MinioServer, storage: StorageSettings, attempt: Attempt
) -> None:
    """A bucket can be shared with others."""
    shared = storage.model_copy(update={"prefix": "agents/prod"})
    grant = upload_grant(attempt, shared, datetime.now(UTC))
    assert grant.key_prefix == key_prefix(shared, attempt)
    assert (await post(grant, grant.key_prefix + "x", b"data")).status == 204
    assert minio.names("agents/prod/") == [key_prefix(storage, attempt) + "x"]
