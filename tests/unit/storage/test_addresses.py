"""Which URL a bucket has. `tests/integration/storage` shows that a real store agrees."""

from typing import Any

import pytest
from agentjob_operator.settings import StorageSettings
from agentjob_operator.storage.addresses import bucket_url
from pydantic import ValidationError


def storage(**changes: Any) -> StorageSettings:
    """A store by name."""
    values = {"endpoint": "https://s3.example.com", "access_key": "access", "secret_key": "hidden-key"}
    return StorageSettings.model_validate(values | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"endpoint": "http://10.0.0.1:9000"}, "is an address"), ({"public_endpoint": "https://[::1]"}, "is an address"),
     ({"endpoint": "https://s3.example.com", "bucket": "with.dots"}, "without dots")],
)  # fmt: skip
def test_what_has_no_virtual_host_is_refused(changes: dict[str, str], words: str) -> None:
    """At the start, not at the first upload."""
    with pytest.raises(ValidationError, match=words):
        storage(addressing_style="virtual", **changes)


@pytest.mark.parametrize(
    ("endpoint", "bucket", "expected"),
    [
        ("https://s3.eu-central-1.amazonaws.com", "team", "https://team.s3.eu-central-1.amazonaws.com"),
        ("https://s3.cn-north-1.amazonaws.com.cn", "team", "https://team.s3.cn-north-1.amazonaws.com.cn"),
        ("https://s3.amazonaws.com", "my.team", "https://s3.amazonaws.com/my.team"),
        ("https://notamazonaws.com", "team", "https://notamazonaws.com/team"),
    ],
)
def test_aws_is_addressed_as_it_wants(endpoint: str, bucket: str, expected: str) -> None:
    """With `auto`: its buckets have hosts of their own, but no certificate for two labels."""
    assert bucket_url(storage(bucket=bucket), endpoint) == expected
