"""What is signed for pods and people: who may do what with it, for how long. `tests/integration/storage` shows that a real store agrees."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage import download_url, key_prefix, upload_grant
from attempts import attempt_of
from generate.golden import UID
from pydantic import SecretStr

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def storage(**changes: Any) -> StorageSettings:
    """A store with a public endpoint of its own."""
    values = {
        "endpoint": "http://minio.internal:9000",
        "public_endpoint": "https://files.example.com",
        "access_key": SecretStr("access"),
        "secret_key": SecretStr("hidden-key"),
    }
    return StorageSettings.model_validate(values | changes)


def policy_of(fields: dict[str, str]) -> dict[str, Any]:
    """The signed document."""
    document: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return document


def test_the_prefix_is_that_of_one_attempt() -> None:
    """It ends with a slash, so that attempt 1 cannot write to attempt 10."""
    attempt = attempt_of({"task": "x"}, name="todo", number=1)
    assert key_prefix(storage(), attempt) == f"team/todo/{UID}/1/"
    assert key_prefix(storage(prefix="a/b"), attempt) == f"a/b/team/todo/{UID}/1/"


def test_the_policy_allows_the_attempts_prefix_and_size_and_nothing_else() -> None:
    """The bucket, the prefix, a size range and any checksum; the date and credential are bound, too."""
    attempt = attempt_of({"task": "x", "archive": {"maxBytes": 200 * 1024**2}})
    grant = upload_grant(attempt, storage(), NOW)
    conditions = policy_of(grant.fields)["conditions"]
    assert conditions[:4] == [
        ["eq", "$bucket", "agentjob"],
        ["starts-with", "$key", grant.key_prefix],
        ["content-length-range", 0, 200 * 1024**2],
        ["starts-with", "$x-amz-checksum-sha256", ""],
    ]
    assert ["eq", "$x-amz-credential", "access/20261121/us-east-1/s3/aws4_request"] in conditions
    assert (grant.url, grant.max_bytes) == ("http://minio.internal:9000/agentjob", 200 * 1024**2)


def test_a_tiny_archive_limit_leaves_room_for_report_and_log() -> None:
    """`archive.maxBytes: 1` is legal and means that no archive fits; the report must."""
    attempt = attempt_of({"task": "x", "archive": {"maxBytes": 1}})
    assert upload_grant(attempt, storage(), NOW).max_bytes >= 1024**2


def test_the_policy_ends_after_everything_the_attempt_may_take() -> None:
    """Start deadline, remaining timeout and an hour."""
    attempt = attempt_of({"task": "x", "limits": {"timeoutSeconds": 600, "startDeadlineSeconds": 60}})
    grant = upload_grant(attempt, storage(), NOW)
    assert grant.expires_at == "2026-11-21T10:41:00.000Z"
    assert policy_of(grant.fields)["expiration"] == grant.expires_at


def test_a_session_token_is_a_part_of_what_is_signed() -> None:
    """Temporary credentials are refused without it."""
    grant = upload_grant(attempt_of({"task": "x"}), storage(session_token=SecretStr("token")), NOW)
    assert grant.fields["x-amz-security-token"] == "token"
    assert ["eq", "$x-amz-security-token", "token"] in policy_of(grant.fields)["conditions"]
    url, _ = download_url(storage(session_token=SecretStr("token")), "k/workspace.zip", "todo", 60, NOW)
    assert parse_qs(urlsplit(url).query)["X-Amz-Security-Token"] == ["token"]


def test_the_secret_key_is_in_nothing_that_is_handed_out() -> None:
    """Only signatures made with it."""
    grant = upload_grant(attempt_of({"task": "x"}), storage(), NOW)
    url, _ = download_url(storage(), "k/workspace.zip", "todo", 60, NOW)
    assert "hidden-key" not in grant.to_json() + url


@pytest.mark.parametrize(
    ("key", "filename"),
    [("p/workspace.zip", "todo.app.zip"), ("p/workspace.tar.zst", "todo.app.tar.zst")],
)
def test_a_download_has_the_public_host_a_file_name_and_an_end(key: str, filename: str) -> None:
    """A browser saves it under the AgentJob's name."""
    url, ends = download_url(storage(), key, "todo.app", 3600, NOW)
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "files.example.com", f"/agentjob/{key}")
    assert query["response-content-disposition"] == [f'attachment; filename="{filename}"']
    assert query["X-Amz-Expires"] == ["3600"]
    assert ends == NOW + timedelta(hours=1)


def test_the_same_moment_gives_the_same_signature() -> None:
    """Signing is pure: the clock is an argument."""
    attempt = attempt_of({"task": "x"})
    assert upload_grant(attempt, storage(), NOW) == upload_grant(attempt, storage(), NOW)
