"""Labels and annotations: what the operator's watches select, and what leads back to the AgentJob."""

from typing import Any

from agentjob_api import names

from agentjob_operator.manifests.attempt import Attempt, owner_reference

MAX_LABEL = 63


def labels(attempt: Attempt) -> dict[str, str]:
    """On the Job, its pod and the Secret."""
    return {
        names.LABEL_MANAGED_BY: names.MANAGED_BY,
        names.LABEL_NAME: attempt.name[:MAX_LABEL].rstrip("-."),
        names.LABEL_UID: attempt.uid,
        names.LABEL_ATTEMPT: str(attempt.number),
    }


def annotations(attempt: Attempt) -> dict[str, str]:
    """The full name, which a label may be too short for, and which checkpoint it goes on from."""
    resumed = {} if attempt.resumed_from is None else {names.ANNOTATION_RESUMED_FROM: str(attempt.resumed_from)}
    return {names.ANNOTATION_NAME: attempt.name, **resumed}


def metadata(attempt: Attempt) -> dict[str, Any]:
    """Of the Job and the Secret: both are the AgentJob's and vanish with it."""
    return {
        "name": attempt.object_name,
        "namespace": attempt.namespace,
        "labels": labels(attempt),
        "annotations": annotations(attempt),
        "ownerReferences": [owner_reference(attempt)],
    }
