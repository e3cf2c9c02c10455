"""What the operator learns of the cluster before it works."""

import pytest
from agentjob_operator.preflight import version_of


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ({"major": "1", "minor": "35"}, (1, 35)),
        ({"major": "1", "minor": "35+"}, (1, 35)),
        ({"major": "", "minor": ""}, (0, 0)),
        ({}, (0, 0)),
    ],
)
def test_the_version_of_the_api_server(told: dict[str, str], version: tuple[int, int]) -> None:
    """Providers add a sign; a server that tells no number is taken for an old one."""
    assert version_of(told) == version
