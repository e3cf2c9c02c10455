"""Who ended an attempt from outside: eviction, drain, deletion, deadline. Pure."""

import re
from typing import Final

from agentjob_api.reasons import Reason

from agentjob_operator.model import Cause
from agentjob_operator.objects import Job, ObjectCondition, Pod

FULL_PATTERN: Final = re.compile(
    r"EmptyDir volume .* exceeds the limit|exceeded its local ephemeral storage limit|ephemeral local storage usage exceeds"
)
"""`pkg/kubelet/eviction`: evictions for what the pod itself wrote; the same would happen again on any node."""


def stopped(job: Job | None, pod: Pod | None, *, agent_started: bool) -> Cause | None:
    """The cause as the cluster records it; None when nothing of it is recorded."""
    if pod is not None and pod.reason == "Evicted" and FULL_PATTERN.search(pod.message):
        return Cause(
            Reason.WORKSPACE_FULL, f"The pod was evicted, and nothing could be archived: {_sentence(pod.message)}"
        )
    failed = None if job is None else job.condition("Failed", "FailureTarget")
    if failed is not None and failed.reason == "DeadlineExceeded":
        if not agent_started:
            return Cause(Reason.START_DEADLINE_EXCEEDED, "Its Job's deadline came before the agent had started.")
        return Cause(Reason.TIMEOUT, "The attempt did not end before its Job's deadline.")
    disrupted = None if pod is None else pod.condition("DisruptionTarget")
    if disrupted is not None:
        return Cause(Reason.DISRUPTED, _disruption(disrupted))
    if failed is not None and failed.reason == "PodFailurePolicy":
        return Cause(Reason.DISRUPTED, f"The pod was disrupted: {_sentence(failed.message)}")
    if pod is not None and pod.reason == "Evicted":
        return Cause(Reason.DISRUPTED, f"The pod was evicted: {_sentence(pod.message)}")
    if pod is not None and pod.deletion and job is not None and not job.deleting:
        return Cause(Reason.DISRUPTED, "The pod was deleted while its Job was left.")
    return None


def _disruption(condition: ObjectCondition) -> str:
    detail = f": {_sentence(condition.message)}" if condition.message else "."
    return f"The pod was disrupted ({condition.reason}){detail}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
