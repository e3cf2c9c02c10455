"""Names of Jobs and Secrets: legal for every legal name of an AgentJob, and never the same for two of them."""

import re

import pytest
from agentjob_operator.manifests import attempt_name

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@pytest.mark.parametrize(
    "name",
    ["a", "todo-app", "team.project.v1", "x" * 63, "x" * 253, "a." * 126 + "a", "0-9", "a" * 49 + "-" * 9 + "b"],
)
@pytest.mark.parametrize("number", [1, 10, 99999])
def test_is_a_dns_label_whatever_the_name(name: str, number: int) -> None:
    """A Job's name becomes a label of its pods, so 63 characters; dots and long names are legal for an AgentJob."""
    made = attempt_name(name, "uid", number)
    assert len(made) <= 63
    assert LABEL.fullmatch(made)
    assert made.endswith(f"-{number}")


def test_the_same_attempt_has_the_same_name() -> None:
    """After a crash the operator finds its own objects again."""
    assert attempt_name("a", "u", 1) == attempt_name("a", "u", 1)


def test_attempts_of_different_agent_jobs_never_share_a_name() -> None:
    """A deleted and recreated AgentJob, names that are cut to the same, and names that differ in a dot only."""
    names = [
        attempt_name("a", "uid-1", 1),
        attempt_name("a", "uid-2", 1),
        attempt_name("a", "uid-1", 2),
        attempt_name("x" * 100, "uid-3", 1),
        attempt_name("x" * 101, "uid-4", 1),
        attempt_name("a.b", "uid-5", 1),
        attempt_name("a-b", "uid-6", 1),
    ]
    assert len(set(names)) == len(names)
