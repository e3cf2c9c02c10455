"""Why an attempt does not start, as container states, pod conditions and Events say it. Pure."""

import re
from collections.abc import Iterable
from typing import Any, Final

from agentjob_api.reasons import Reason

from agentjob_operator.model import Cause
from agentjob_operator.objects import BESIDE, ORDINARY_WAITING, Container, Pod

IMAGE_REASONS: Final = frozenset(
    {
        *("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"),
        *("RegistryUnavailable", "SignatureValidationFailed"),
    }
)
"""`pkg/kubelet/images/types.go`"""
MISSING_SECRET: Final = re.compile(
    r"""secrets? "(?P<name>[^"]+)" (?:is forbidden|not found)|find key (?P<key>\S+) in Secret (?:[^/\s]+/)?(?P<of>\S+)"""
)
"""`pkg/kubelet/kubelet_pods.go`, and the mounter's message."""
QUOTA: Final = re.compile(r"exceeded quota|usage per (?:Pod|Container)|failed quota:|insufficient quota")
"""ResourceQuota and LimitRanger admission. ("must specify" alone is also how the API server calls an invalid object.)"""
NO_VOLUME: Final = re.compile(
    r"unbound immediate PersistentVolumeClaims|[Pp]ersistentvolumeclaims?\b|storageclass|persistent volumes? to bind"
    r"|volume node affinity|binding volumes|enough free storage|max volume count"
)
"""`pkg/scheduler/framework/plugins/{volumebinding,volumezone,nodevolumelimits}`"""
VOLUME_EVENTS: Final = frozenset({"ProvisioningFailed", "ExternalProvisioning", "FailedBinding"})
"""Of a PersistentVolumeClaim: the first is its provisioner's, the others the volume controller's, again and again while it waits."""
PROGRESS: Final = frozenset({"SuccessfulCreate", "Pulling", "Pulled", "Created", "Started", "ProvisioningSucceeded"})
"""Events that show that the pod came to be, or that its sandbox and volumes are there: what failed before is overcome."""
MAX_MESSAGE: Final = 700


def pod_cause(pod: Pod) -> Cause | None:
    """What the pod itself says; None when it says nothing (yet)."""
    for condition in pod.conditions:
        if condition.type == "PodScheduled" and condition.status == "False" and condition.reason == "Unschedulable":
            if NO_VOLUME.search(condition.message):
                return Cause(Reason.VOLUME_UNAVAILABLE, f"The workspace has no volume: {clean(condition.message)}")
            return Cause(Reason.UNSCHEDULABLE, f"No node fits the pod: {clean(condition.message)}")
    return next((cause for one in needed(pod) if (cause := _container_cause(one))), None)


def needed(pod: Pod) -> list[Container]:
    """The containers that the attempt cannot do without."""
    return [one for name, one in pod.containers.items() if name not in BESIDE]


def event_cause(events: Iterable[dict[str, Any]]) -> Cause | None:
    """The cause in the latest Event that names one and is not overcome; `events` are core/v1 Events of one Job, or of a
    Pod and its claim."""
    for event in sorted(events, key=_event_order, reverse=True):
        reason, message = event.get("reason") or "", event.get("message") or ""
        if reason in PROGRESS:
            return None
        if reason == "FailedCreate":
            return refusal("pod", message)
        if reason in ("FailedMount", "FailedAttachVolume", "FailedMapVolume"):
            return missing_secret(message) or Cause(
                Reason.VOLUME_UNAVAILABLE, f"A volume cannot be mounted: {clean(message)}"
            )
        if reason in VOLUME_EVENTS:
            return Cause(Reason.VOLUME_UNAVAILABLE, f"The workspace has no volume: {clean(message)}")
        if reason == "FailedCreatePodSandBox":
            return Cause(Reason.CONTAINER_CONFIG_ERROR, f"The pod's sandbox cannot be made: {clean(message)}")
    return None


def refusal(what: str, message: str) -> Cause:
    """Why the API server refuses `what`: the pod (the Job controller's `FailedCreate`), the Job or the Secret."""
    if "violates PodSecurity" in message:
        return Cause(Reason.POD_SECURITY_VIOLATION, f"The {what} is refused: {clean(message)}")
    if QUOTA.search(message):
        return Cause(Reason.QUOTA_EXCEEDED, f"There is no quota for the {what}: {clean(message)}")
    return Cause(Reason.JOB_CREATE_REFUSED, f"The {what} is refused: {clean(message)}")


def missing_secret(message: str) -> Cause | None:
    """SECRET_MISSING when `message` says that a Secret or a key in one is not there."""
    match = MISSING_SECRET.search(message)
    if match is None:
        return None
    if match["key"]:
        name = match["of"].rstrip(".,")
        return Cause(Reason.SECRET_MISSING, f"The Secret {name} has no key {match['key']}.", secret=name)
    return Cause(Reason.SECRET_MISSING, f"The Secret {match['name']} does not exist.", secret=match["name"])


def clean(message: str) -> str:
    """One line of at most 700 characters that ends as a sentence."""
    text = " ".join(message.split())
    text = text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"
    return text if text.endswith((".", "…")) else f"{text}."


def _container_cause(container: Container) -> Cause | None:
    waiting = container.waiting
    if waiting is None or waiting.reason in ORDINARY_WAITING:
        return None
    where = f"container {container.name}"
    if waiting.reason in IMAGE_REASONS:
        detail = clean(waiting.message or waiting.reason)
        return Cause(Reason.IMAGE_PULL_FAILED, f"The image {container.image} of {where} cannot be pulled: {detail}")
    if waiting.reason == "CreateContainerConfigError" and (cause := missing_secret(waiting.message)):
        return cause
    detail = waiting.message
    if waiting.reason == "CrashLoopBackOff" and container.ended is not None:
        detail = container.ended.message or f"it ends with exit code {container.ended.exit_code}"
    return Cause(Reason.CONTAINER_CONFIG_ERROR, f"{waiting.reason} of {where}: {clean(detail or waiting.reason)}")


def _event_order(event: dict[str, Any]) -> tuple[str, bool]:
    """By time, and in the same second progress last: it comes after what it overcame."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    time = next((time for time in times if time), event["metadata"].get("creationTimestamp") or "")
    return time, event.get("reason") in PROGRESS
