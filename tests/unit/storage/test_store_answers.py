"""What the store's answers mean: which error, and whether what it holds is what was reported."""

import pytest
from agentjob_api.report import StoredObject
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage import (
    BucketMissing,
    Denied,
    NotFound,
    ObjectHead,
    StoreError,
    StoreUnavailable,
    mismatch,
)
from agentjob_operator.storage.http import error_code, error_of
from pydantic import SecretStr

STORAGE = StorageSettings(endpoint="http://s3", access_key=SecretStr("a"), secret_key=SecretStr("hidden-key"))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "NoSuchKey", NotFound),
        (404, "", NotFound),
        (404, "NoSuchBucket", BucketMissing),
        (401, "", Denied),
        (403, "SignatureDoesNotMatch", Denied),
        (403, "RequestTimeTooSkewed", Denied),
        (429, "", StoreUnavailable),
        (500, "InternalError", StoreUnavailable),
        (503, "SlowDown", StoreUnavailable),
        (301, "PermanentRedirect", StoreError),
    ],
)
def test_an_answer_becomes_the_error_that_says_what_next(status: int, code: str, expected: type[StoreError]) -> None:
    """Try later, create the bucket, correct the credential: the operator does something else for each."""
    error = error_of(STORAGE, status, code, "k")
    assert type(error) is expected
    assert "hidden-key" not in str(error)


def test_the_code_is_read_from_the_body_or_from_minios_header() -> None:
    """A HEAD has no body."""
    assert error_code({}, b"<Error><Code>NoSuchKey</Code></Error>") == "NoSuchKey"
    assert error_code({"x-minio-error-code": "NoSuchBucket"}, b"") == "NoSuchBucket"
    assert error_code({}, b"<html>" + b"<Code>" * 10 + b"?") == ""


CLAIM = StoredObject(key="k", bytes=3, sha256="ab" * 32)


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        (ObjectHead("k", 3, "ab" * 32, ""), None),
        (ObjectHead("k", 3, None, ""), None),
        (ObjectHead("k", 2, "ab" * 32, ""), "bytes"),
        (ObjectHead("k", 3, "cd" * 32, ""), "SHA-256"),
    ],
)
def test_a_report_is_compared_with_what_the_store_holds(stored: ObjectHead, says: str | None) -> None:
    """By SHA-256 where the store keeps it, by size where not."""
    difference = mismatch(CLAIM, stored)
    assert (difference is None) if says is None else (difference is not None and says in difference)
