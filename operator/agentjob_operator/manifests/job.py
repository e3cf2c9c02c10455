"""The attempt's Job: one pod, once. The operator owns retries."""

from typing import Any, Final

from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.labels import metadata
from agentjob_operator.manifests.pod import GRACE_SECONDS, pod_template
from agentjob_operator.settings import Settings

TTL_SECONDS: Final = 600
"""How long a finished Job and its pod can be looked at; the report is in the store."""
UPLOAD_MARGIN_SECONDS: Final = 60
"""For clocks that differ between operator, control plane and store."""


def build_job(attempt: Attempt, settings: Settings) -> dict[str, Any]:
    """A batch/v1 Job."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(attempt),
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 0,
            # Not before the old pod is gone for good; with a podFailurePolicy the API allows nothing else.
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": _fail_on_disruption(),
            "ttlSecondsAfterFinished": TTL_SECONDS,
            "activeDeadlineSeconds": _deadline(attempt),
            "template": pod_template(attempt, settings),
        },
    }


def _fail_on_disruption() -> dict[str, Any]:
    # An evicted pod is deleted with its status: the Job's condition is then the only trace that says why.
    disrupted = {"type": "DisruptionTarget", "status": "True"}
    return {"rules": [{"action": "FailJob", "onPodConditions": [disrupted]}]}


def _deadline(attempt: Attempt) -> int:
    # A backstop behind the start deadline (operator) and the timeout (agent). It counts from the Job's creation, as the upload
    # grant does, and leaves the pod its grace to archive before the grant ends.
    return attempt.lifetime_seconds - GRACE_SECONDS - UPLOAD_MARGIN_SECONDS
