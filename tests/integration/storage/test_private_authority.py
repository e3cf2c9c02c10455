"""A store whose certificate no public authority signed: bucket Job, operator and courier trust the authority they are given, and only then."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from agentjob_operator.clock import Clock
from agentjob_operator.manifests import Attempt, build_job
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage import ObjectStore, StoreUnavailable, upload_grant
from cluster.certificates import make_authority, sign
from cluster.toolbuild import ensure_binaries
from generate.golden import example_settings
from pydantic import SecretStr
from support.loopback import free_port, wait_until_accepts
from support.minio import ACCESS_KEY, SECRET_KEY

ROOT = Path(__file__).resolve().parents[3]
COURIER_UPLOAD = """
import sys
from agentjob_api.grant import UploadGrant
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.post import post
print(post(UploadGrant.from_json(sys.stdin.read()), "workspace.zip", Payload.of(b"data"), 10, lambda: 10.0).status)
"""


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageSettings]:
    """How to reach a MinIO with a certificate of its own authority; the bucket is not there yet."""
    folder = tmp_path_factory.mktemp("secure-minio")
    authority = make_authority(folder, "authority")
    pair = sign(folder, "server", authority, subject="/CN=minio", alternative_names="IP:127.0.0.1")
    certificates = folder / "certs"
    certificates.mkdir()
    pair.certificate.rename(certificates / "public.crt")
    pair.key.rename(certificates / "private.key")
    port = free_port()
    command = [str(ensure_binaries("minio")["minio"]), "server", "--quiet", "--address", f"127.0.0.1:{port}"]
    command += ["--certs-dir", str(certificates), str(folder / "data")]
    environment = os.environ | {
        "MINIO_ROOT_USER": ACCESS_KEY,
        "MINIO_ROOT_PASSWORD": SECRET_KEY,
        "MINIO_BROWSER": "off",
    }
    with (folder / "minio.log").open("wb") as log, subprocess.Popen(command, env=environment, stdout=log) as server:
        try:
            wait_until_accepts(port)
            yield StorageSettings(
                endpoint=f"https://127.0.0.1:{port}",
                access_key=SecretStr(ACCESS_KEY),
                secret_key=SecretStr(SECRET_KEY),
                ca_pem=authority.certificate.read_text(),
            )
        finally:
            server.terminate()


def run(*command: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """A Python process with our packages and this environment only."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("crds", "operator", "agent_runtime"))
    everything = {"PYTHONPATH": path, **environment}
    return subprocess.run(
        [sys.executable, *command], env=everything, input=stdin, capture_output=True, text=True, check=False, timeout=60
    )


async def test_bucket_job_courier_and_operator_trust_it(
    secure: StorageSettings, attempt: Attempt, tmp_path: Path
) -> None:
    """In this order: a bucket, an upload by the runtime's own code with the variable that the pod gets, a HEAD."""
    made = run(
        *("-m", "agentjob_operator.storage.ensure_bucket"),
        AGENTJOB_STORAGE__ENDPOINT=secure.endpoint,
        AGENTJOB_STORAGE__ACCESS_KEY=ACCESS_KEY,
        AGENTJOB_STORAGE__SECRET_KEY=SECRET_KEY,
        AGENTJOB_STORAGE__CA_PEM=secure.ca_pem or "",
    )
    assert made.returncode == 0, made.stdout + made.stderr
    grant = upload_grant(attempt, secure, datetime.now(UTC))
    authority = tmp_path / "store-ca.crt"
    authority.write_text(secure.ca_pem or "")
    refused = run("-c", COURIER_UPLOAD, stdin=grant.to_json())
    assert "certificate verify failed" in refused.stderr
    sent = run("-c", COURIER_UPLOAD, stdin=grant.to_json(), SSL_CERT_FILE=str(authority))
    assert sent.stdout.strip() == "204", sent.stderr
    async with ObjectStore(secure, Clock("the store")) as store:
        head = await store.head(grant.key_prefix + "workspace.zip")
        assert head.sha256 == hashlib.sha256(b"data").hexdigest()


async def test_without_the_authority_the_operator_says_what_is_wrong(secure: StorageSettings) -> None:
    """And sends no credential to whoever it is."""
    async with ObjectStore(secure.model_copy(update={"ca_pem": None}), Clock("the store")) as store:
        with pytest.raises(StoreUnavailable, match="certificate"):
            await store.fetch_report("a/")


def test_only_the_courier_is_given_the_authority(secure: StorageSettings, attempt: Attempt) -> None:
    """It is no secret, but the agent does not talk to the store."""
    settings = example_settings().model_copy(update={"storage": secure})
    pod = build_job(attempt, settings)["spec"]["template"]["spec"]
    variables = {c["name"]: [v["value"] for v in c["env"] if v["name"] == "SSL_CERT_FILE"] for c in pod["containers"]}
    assert variables.pop("courier") == ["/etc/agentjob/store-ca.crt"]
    assert set(variables) == {"agent", "notebook", "desktop"}
    assert not any(variables.values())
    holders = [v["name"] for v in pod["volumes"] if any("ca" in i["key"] for i in v.get("secret", {}).get("items", []))]
    assert holders == ["courier-config"]
