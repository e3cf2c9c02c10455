"""The POST policy and the checksum, checked by a real MinIO."""

import hashlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from agentjob_api.grant import UploadGrant
from agentjob_runtime.courier.stop import Stop, StopBudget
from agentjob_runtime.upload.errors import UploadError
from agentjob_runtime.upload.faults import Fault, fault_of
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.post import post
from agentjob_runtime.upload.uploader import Patience, Uploader
from integration.pod.conftest import Attempt
from integration.pod.courierrun import wait_for
from support.minio import BUCKET, running_minio

QUICK = Patience(seconds=30, first_delay=0.01, longest_delay=0.05)


def uploader(folder: Path, grant: UploadGrant) -> Uploader:
    """With that grant mounted."""
    (folder / "upload.json").write_text(grant.to_json())
    return Uploader(folder / "upload.json", StopBudget(Stop(), 0))


def test_a_large_file_arrives_whole_and_the_store_knows_its_checksum(attempt: Attempt, tmp_path: Path) -> None:
    """Streamed from the disk; the store's own SHA-256 is what the operator sees by HEAD."""
    source = tmp_path / "workspace.zip"
    source.write_bytes(hashlib.sha256(b"seed").digest() * (1 << 20))
    payload = Payload.of_file(source)
    stored = uploader(tmp_path, attempt.grant()).put("workspace.zip", payload, QUICK)
    assert (stored.bytes, stored.sha256) == (32 << 20, hashlib.sha256(source.read_bytes()).hexdigest())
    head = attempt.store.client()._execute(
        "HEAD", bucket_name=BUCKET, object_name=stored.key, headers={"x-amz-checksum-mode": "ENABLED"}
    )
    assert head.headers["x-amz-checksum-sha256"] == b64encode(bytes.fromhex(stored.sha256)).decode()


def test_other_bytes_than_announced_are_refused_by_the_store(attempt: Attempt, tmp_path: Path) -> None:
    """This is what "verified" stands on: nothing is stored under a wrong checksum."""
    lie = Payload(b"other", 5, hashlib.sha256(b"bytes").hexdigest())
    assert fault_of(post(attempt.grant(), "x", lie, 10, lambda: 10), lie.checksum) is Fault.CORRUPTED
    with pytest.raises(UploadError, match="other bytes"):
        uploader(tmp_path, attempt.grant()).put("x", lie, QUICK)
    assert attempt.names() == []


def test_another_attempt_s_prefix_is_refused(attempt: Attempt, tmp_path: Path) -> None:
    """The policy holds for one prefix; `..` is no way out."""
    grant = attempt.grant()
    foreign = grant.replace(key_prefix="agentjobs/other/job/uid/1/")
    with pytest.raises(UploadError, match="refuses the upload"):
        uploader(tmp_path, foreign).put("workspace.zip", Payload.of(b"x"), QUICK)
    assert attempt.store.names("agentjobs/other/") == []


def test_more_than_the_policy_allows_is_refused_for_good(attempt: Attempt, tmp_path: Path) -> None:
    """The size range is the store's to enforce."""
    grant = attempt.store.grant(attempt.prefix, max_bytes=1000)
    with pytest.raises(UploadError, match=r"for good.*EntityTooLarge"):
        uploader(tmp_path, grant).put("x", Payload.of(b"x" * 5_000_000), QUICK)


def test_an_expired_policy_is_told_from_a_wrong_one(attempt: Attempt) -> None:
    """It is renewed while a job waits in a queue: worth waiting for."""
    payload = Payload.of(b"x")
    answer = post(attempt.store.grant(attempt.prefix, lifetime=timedelta(seconds=-60)), "x", payload, 10, lambda: 10)
    assert fault_of(answer, payload.checksum) is Fault.EXPIRED


def test_a_missing_bucket_is_told(attempt: Attempt) -> None:
    """404 NoSuchBucket."""
    payload = Payload.of(b"x")
    answer = post(attempt.store.grant(attempt.prefix, bucket="no-such-bucket"), "x", payload, 10, lambda: 10)
    assert fault_of(answer, payload.checksum) is Fault.NO_BUCKET


def test_a_store_that_dies_in_the_middle_of_an_upload_gets_it_whole_later(tmp_path: Path) -> None:
    """Frozen while it receives, killed, started again: one object, whole, nothing of the first try."""
    folder = tmp_path / "minio"
    folder.mkdir()
    with running_minio(folder) as server, ThreadPoolExecutor(1) as pool:
        sender = uploader(tmp_path, server.grant("p/"))
        payload = Payload.of(b"0123456789abcdef" * (4 << 20))
        server.freeze()
        upload = pool.submit(sender.put, "workspace.zip", payload, Patience(seconds=60, first_delay=0.2))
        wait_for(lambda: queued_bytes(server.port) > 1 << 15, "the upload has begun")
        server.stop()
        server.start()
        assert upload.result().bytes == 64 << 20
        assert server.names("p/") == ["workspace.zip"]
        assert hashlib.sha256(server.read("p/workspace.zip")).hexdigest() == payload.sha256


def queued_bytes(port: int) -> int:
    """What clients have sent to `port` and nobody has read yet (proc_net_tcp: the receiving side's rx_queue)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[4].partition(":")[2], 16) for row in rows if row[1].endswith(f":{port:04X}"))
