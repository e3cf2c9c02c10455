"""When a finished AgentJob is due: its TTL, and the last quarter of its download URL's life."""

from datetime import timedelta

from agentjob_operator.sweep import due_at, renewal_at, ttl_at
from unit.operator.clusterobjects import NOW, agentjob, at


def test_never_due_without_ttl_and_url() -> None:
    """It is kept, and costs nothing."""
    assert due_at(agentjob({"phase": "Failed", "completionTime": at(0)})) is None


def test_ttl_counts_from_the_end() -> None:
    """`ttlSecondsAfterFinished`, 0 included."""
    status = {"phase": "Failed", "completionTime": at(0)}
    assert ttl_at(agentjob(status, ttlSecondsAfterFinished=60)) == NOW + timedelta(seconds=60)
    assert ttl_at(agentjob(status, ttlSecondsAfterFinished=0)) == NOW


def test_urls_are_renewed_in_the_last_quarter_of_their_life() -> None:
    """A day by default; as long as the spec says otherwise."""
    artifacts = {"expiresAt": at(86_400), "workspace": {"key": "k"}}
    status = {"phase": "Succeeded", "completionTime": at(0), "artifacts": artifacts}
    assert renewal_at(agentjob(status)) == NOW + timedelta(seconds=64_800)
    short = {**status, "artifacts": {**artifacts, "expiresAt": at(60)}}
    assert renewal_at(agentjob(short, archive={"urlExpirySeconds": 60})) == NOW + timedelta(seconds=45)


def test_the_earlier_of_both() -> None:
    """A TTL before the renewal."""
    artifacts = {"expiresAt": at(86_400), "workspace": {"key": "k"}}
    status = {"phase": "Succeeded", "completionTime": at(0), "artifacts": artifacts}
    assert due_at(agentjob(status, ttlSecondsAfterFinished=5)) == NOW + timedelta(seconds=5)
