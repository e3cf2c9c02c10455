"""The container beside the chart's MinIO, run as it is in the cluster: what it makes, that it makes it again, and what the operator may then do."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from agentjob_operator.bundled_minio.rights import POLICY
from agentjob_operator.bundled_minio.settings import KeeperSettings
from agentjob_operator.bundled_minio.setup import Setup
from agentjob_operator.clock import Clock
from agentjob_operator.manifests import Attempt
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage import NotFound, ObjectStore, download_url, upload_grant
from agentjob_operator.storage.ensure_bucket import RULE_ID
from minio import Minio
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, S3Error
from minio.minioadmin import MinioAdmin
from pydantic import SecretStr, ValidationError
from support.minio import ACCESS_KEY, REGION, SECRET_KEY, MinioServer
from uploads import post
from yarl import URL

ROOT = Path(__file__).resolve().parents[3]
USER, PASSWORD = "agentjob-operator", "the-users-secret-key"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MinioServer]:
    """A MinIO with nothing in it."""
    (tmp_path / "data").mkdir()
    made = MinioServer(tmp_path / "data")
    made.start()
    yield made
    made.stop()


def storage_of(server: MinioServer, **changes: object) -> StorageSettings:
    """The operator's configuration, with the login that the keeper makes."""
    values = {"endpoint": server.endpoint, "access_key": USER, "secret_key": PASSWORD, "timeout_seconds": 5} | changes
    return StorageSettings.model_validate(values)


def settings_of(server: MinioServer, **changes: object) -> KeeperSettings:
    """The keeper's."""
    login = {"minio_root_access_key": server.root[0], "minio_root_secret_key": server.root[1]}
    return KeeperSettings.model_validate({"storage": storage_of(server, **changes).model_dump(), **login})


@contextmanager
def keeper(server: MinioServer, ready: Path) -> Iterator[subprocess.Popen[str]]:
    """The process, as the chart starts it."""
    variables = {"STORAGE__ENDPOINT": server.endpoint, "STORAGE__ACCESS_KEY": USER, "STORAGE__SECRET_KEY": PASSWORD}
    variables |= {"MINIO_ROOT_ACCESS_KEY": server.root[0], "MINIO_ROOT_SECRET_KEY": server.root[1]}
    environment = {f"AGENTJOB_{name}": value for name, value in variables.items()}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "crds"), str(ROOT / "operator")])
    command = [sys.executable, "-u", "-m", "agentjob_operator.bundled_minio", "--ready-file", str(ready)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    """The lines of its log up to the one with `words`. AssertionError when it ends before."""
    lines: list[str] = []
    for line in process.stderr or ():
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError("".join(lines))


def operators_client(server: MinioServer, secret: str = PASSWORD) -> Minio:
    """With the operator's login."""
    return Minio(server.endpoint.removeprefix("http://"), USER, secret, secure=False, region=REGION)


def test_it_waits_for_minio_makes_all_and_makes_it_again_when_it_is_lost(tmp_path: Path) -> None:
    """A MinIO whose data is gone comes back empty: bucket and user are there again without anybody's help. SIGTERM ends it at once."""
    (tmp_path / "data").mkdir()
    server, ready = MinioServer(tmp_path / "data"), tmp_path / "ready"
    with keeper(server, ready) as process:
        said = read_until(process, "not yet")
        assert not ready.exists()
        server.start()
        try:
            said += read_until(process, "the store can be used")
            assert ready.exists()
            assert operators_client(server).bucket_exists("agentjob")
            server.stop()
            server.data.rename(tmp_path / "lost")
            server.data.mkdir()
            server.start()
            said += read_until(process, "what was lost is made anew")
            assert operators_client(server).bucket_exists("agentjob")
            server.client().remove_bucket("agentjob")
            said += read_until(process, "what was lost is made anew")
            process.terminate()
            assert process.wait(timeout=20) == 0
        finally:
            server.stop()
    assert not [line for line in said if PASSWORD in line or SECRET_KEY in line]


async def test_what_the_operator_signs_and_asks_works_with_its_own_login(server: MinioServer, attempt: Attempt) -> None:
    """A pod's upload, a person's download, a HEAD, and a missing object told from a refusal."""
    Setup(settings_of(server)).make()
    storage, now = storage_of(server), datetime.now(UTC)
    grant = upload_grant(attempt, storage, now)
    key = grant.key_prefix + "workspace.zip"
    assert (await post(grant, key, b"data")).status == 204
    async with ObjectStore(storage, Clock("the store")) as store:
        assert (await store.head(key)).bytes == 4
        with pytest.raises(NotFound):
            await store.head(grant.key_prefix + "other")
    url, _ = download_url(storage, key, "todo", 60, now)
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True)) as response:
        assert (response.status, await response.read()) == (200, b"data")


def test_the_operator_may_do_nothing_else(server: MinioServer) -> None:
    """Neither delete, nor other buckets, nor what lies beside the prefix, nor MinIO itself."""
    Setup(settings_of(server, prefix="agents")).make()
    root, client = server.client(), operators_client(server)
    root.make_bucket("other")
    for key in ("agents/kept", "beside"):
        root.put_object("agentjob", key, data=_bytes(b"x"), length=1)
    refused: dict[str, Callable[[], object]] = {
        "delete": lambda: client.remove_object("agentjob", "agents/kept"),
        "beside the prefix": lambda: client.get_object("agentjob", "beside"),
        "write beside the prefix": lambda: client.put_object("agentjob", "mine", _bytes(b"x"), 1),
        "other bucket": lambda: list(client.list_objects("other")),
        "make a bucket": lambda: client.make_bucket("mine"),
        "remove the bucket": lambda: client.remove_bucket("agentjob"),
        "lifecycle": lambda: client.delete_bucket_lifecycle("agentjob"),
        "policy": lambda: client.get_bucket_policy("agentjob"),
    }
    for what, attempted in refused.items():
        with pytest.raises(S3Error) as error:
            attempted()
        assert error.value.code == "AccessDenied", what
    with pytest.raises(MinioAdminException):
        _admin(server, USER, PASSWORD).user_list()
    assert client.get_object("agentjob", "agents/kept").data == b"x"


def test_a_new_login_ends_the_earlier_one_and_leaves_other_users(server: MinioServer) -> None:
    """Whoever changes the Secret wants the old key to be worth nothing."""
    Setup(settings_of(server)).make()
    admin = _admin(server, *server.root)
    admin.user_add("somebody", "somebodys-password")
    admin.policy_set("readonly", user="somebody")
    Setup(settings_of(server, secret_key="another-secret-key")).make()
    with pytest.raises(S3Error):
        operators_client(server).bucket_exists("agentjob")
    assert operators_client(server, "another-secret-key").bucket_exists("agentjob")
    Setup(settings_of(server, access_key="renamed")).make()
    users = json.loads(admin.user_list())
    assert {name: found["policyName"] for name, found in users.items()} == {"renamed": POLICY, "somebody": "readonly"}


def test_the_data_of_the_first_version_is_taken_over(server: MinioServer, tmp_path: Path) -> None:
    """There the operator was root: its bucket and objects stay, URLs signed with root's key stay good, another root can follow."""
    root = server.client()
    root.make_bucket("agentjob")
    root.put_object("agentjob", "a/workspace.zip", _bytes(b"kept"), 4)
    Setup(settings_of(server, retention_days=9)).make()
    assert operators_client(server).get_object("agentjob", "a/workspace.zip").data == b"kept"
    assert root.get_object("agentjob", "a/workspace.zip").data == b"kept"
    lifecycle = root.get_bucket_lifecycle("agentjob")
    assert lifecycle is not None
    assert [rule.rule_id for rule in lifecycle.rules] == [RULE_ID]
    server.stop()
    server.root = ("another-root", "another-root-secret")
    server.start()
    Setup(settings_of(server)).make()
    assert operators_client(server).get_object("agentjob", "a/workspace.zip").data == b"kept"


def test_the_root_login_is_no_operators_login(server: MinioServer) -> None:
    """Whoever gives both the same Secret is told, without the secret."""
    with pytest.raises(ValidationError, match="different logins") as refusal:
        settings_of(server, access_key=SecretStr(ACCESS_KEY))
    assert SECRET_KEY not in str(refusal.value)


def _bytes(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


def _admin(server: MinioServer, access: str, secret: str) -> MinioAdmin:
    host = server.endpoint.removeprefix("http://")
    return MinioAdmin(endpoint=host, credentials=StaticProvider(access, secret), region=REGION, secure=False)
