"""One MinIO for the tests of this folder; each test has an attempt, and so a prefix, of its own."""

import itertools
from collections.abc import Iterator

import pytest
from agentjob_operator.manifests import Attempt
from agentjob_operator.settings import StorageSettings
from attempts import attempt_of
from pydantic import SecretStr
from support.minio import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, MinioServer, running_minio

_numbers = itertools.count(1)
MIB = 1024**2


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """The server."""
    with running_minio(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def storage(minio: MinioServer) -> StorageSettings:
    """How the operator reaches it."""
    return StorageSettings(
        endpoint=minio.endpoint,
        bucket=BUCKET,
        region=REGION,
        access_key=SecretStr(ACCESS_KEY),
        secret_key=SecretStr(SECRET_KEY),
        timeout_seconds=5,
    )


@pytest.fixture
def attempt() -> Attempt:
    """Its archive may have 100 MiB."""
    number = next(_numbers)
    return attempt_of({"task": "x", "archive": {"maxBytes": 100 * MIB}}, name=f"job-{number}", uid=f"uid-{number}")
