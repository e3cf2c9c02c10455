"""One object store for all tests of the pod; each test has a prefix of its own."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from agentjob_api.grant import UploadGrant
from support.minio import MinioServer, running_minio

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Attempt:
    """Where one attempt's objects lie."""

    store: MinioServer
    prefix: str

    def grant(self) -> UploadGrant:
        """A permission to write there, for an hour."""
        return self.store.grant(self.prefix)

    def names(self) -> list[str]:
        """Objects that are there."""
        return self.store.names(self.prefix)

    def read(self, name: str) -> bytes:
        """One of them."""
        return self.store.read(self.prefix + name)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """A running MinIO."""
    with running_minio(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def attempt(store: MinioServer) -> Attempt:
    """A prefix nobody else uses."""
    return Attempt(store, f"agentjobs/team/job/uid-{next(_numbers)}/1/")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "root" / "workspace"
    folder.mkdir(parents=True)
    return folder
