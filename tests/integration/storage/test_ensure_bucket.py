"""The chart's bucket Job, run as it is in the cluster: as a process, with its configuration in the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage.ensure_bucket import RULE_ID
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from support.loopback import free_port
from support.minio import ACCESS_KEY, SECRET_KEY, MinioServer

ROOT = Path(__file__).resolve().parents[3]


def ensure(minio: MinioServer, bucket: str, **values: str) -> subprocess.CompletedProcess[str]:
    """Runs it to the end."""
    variables = {
        "ENDPOINT": minio.endpoint,
        "BUCKET": bucket,
        "ACCESS_KEY": ACCESS_KEY,
        "SECRET_KEY": SECRET_KEY,
    } | values
    environment = {f"AGENTJOB_STORAGE__{name}": value for name, value in variables.items()}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "crds"), str(ROOT / "operator")])
    command = [sys.executable, "-m", "agentjob_operator.storage.ensure_bucket"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def rules(client: Minio, bucket: str) -> dict[str | None, tuple[str | None, int | None]]:
    """Prefix and days by rule."""
    config = client.get_bucket_lifecycle(bucket)
    return {
        rule.rule_id: (
            rule.rule_filter.prefix if rule.rule_filter else None,
            rule.expiration.days if rule.expiration else None,
        )
        for rule in (config.rules if config else [])
    }


def test_creates_the_bucket_once_and_sets_the_retention(minio: MinioServer) -> None:
    """Any number of runs end in the same state."""
    for _ in range(2):
        done = ensure(minio, "retained", RETENTION_DAYS="30", PREFIX="agents")
        assert done.returncode == 0, done.stdout + done.stderr
        assert SECRET_KEY not in done.stdout + done.stderr
    assert minio.client().bucket_exists("retained")
    assert rules(minio.client(), "retained") == {RULE_ID: ("agents/", 30)}


def test_changes_only_its_own_rule(minio: MinioServer) -> None:
    """A bucket may be shared: the others' rules stay, ours follows the configuration and goes with it."""
    client = minio.client()
    client.make_bucket("shared")
    theirs = Rule(ENABLED, rule_filter=Filter(prefix="theirs/"), rule_id="theirs", expiration=Expiration(days=7))
    client.set_bucket_lifecycle("shared", LifecycleConfig([theirs]))
    for days, ours in (("5", {RULE_ID: ("", 5)}), ("9", {RULE_ID: ("", 9)}), ("0", {})):
        assert ensure(minio, "shared", RETENTION_DAYS=days).returncode == 0
        assert rules(client, "shared") == {"theirs": ("theirs/", 7), **ours}


def test_waits_for_a_store_that_is_still_starting(tmp_path: Path, storage: StorageSettings) -> None:
    """Helm creates both at once."""
    (tmp_path / "data").mkdir()
    server = MinioServer(tmp_path / "data", free_port())
    environment = {
        "AGENTJOB_STORAGE__ENDPOINT": server.endpoint,
        "AGENTJOB_STORAGE__ACCESS_KEY": ACCESS_KEY,
        "AGENTJOB_STORAGE__SECRET_KEY": SECRET_KEY,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "crds"), str(ROOT / "operator")]),
    }
    command = [sys.executable, "-u", "-m", "agentjob_operator.storage.ensure_bucket"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        assert "not yet" in waiting.stdout.readline()
        server.start()
        try:
            assert waiting.wait(timeout=60) == 0
            assert server.client().bucket_exists("agentjob")
        finally:
            server.stop()


@pytest.mark.parametrize("values", [{"ENDPOINT": "minio:9000"}, {"BUCKET": "No"}])
def test_bad_configuration_is_no_reason_to_wait(minio: MinioServer, values: dict[str, str]) -> None:
    """It ends at once and does not print the credential."""
    done = ensure(minio, "any-bucket", **values)
    assert done.returncode == 2
    assert SECRET_KEY not in done.stdout + done.stderr
