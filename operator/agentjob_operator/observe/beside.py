"""How desktop and notebook are, as their containers say it. Nothing in here touches the attempt's own state. Pure."""

from datetime import datetime, timedelta
from typing import Final

from agentjob_api.pod import Container as Name
from agentjob_api.reasons import Reason

from agentjob_operator.model import Beside
from agentjob_operator.objects import BESIDE, ORDINARY_WAITING, Container, Pod, Terminated, moment
from agentjob_operator.observe.waiting import IMAGE_REASONS, clean

START_ERRORS: Final = frozenset({"StartError", "ContainerCannotRun"})
PATIENCE: Final = timedelta(seconds=60)
"""What runs for longer without being ready is in trouble."""


def beside_of(pod: Pod | None, now: datetime) -> dict[Name, Beside]:
    """Desktop and notebook of the pod, those that it has."""
    if pod is None or pod.gone:
        return {}
    return {name: _state(pod.containers[name], now) for name in BESIDE if name in pod.containers}


def recheck_of(pod: Pod | None, now: datetime) -> float | None:
    """Seconds after which one that starts counts as being in trouble; that it did not get ready makes no event."""
    known = beside_of(pod, now)
    running = [pod.containers[name].running_since for name in known if known[name].reason is Reason.STARTING and pod]
    waits = [(moment(since) + PATIENCE - now).total_seconds() for since in running if since]
    return min(waits, default=None)


def _state(container: Container, now: datetime) -> Beside:
    if container.terminated is not None:
        return _ended(container.terminated)
    if container.waiting is not None:
        return _waiting(container)
    if container.ready:
        return Beside(ready=True, reason=Reason.READY, message="", alive=True)
    since = container.running_since
    if since and now - moment(since) < PATIENCE:
        return Beside(ready=False, reason=Reason.STARTING, message="It starts.", alive=True)
    return Beside(ready=False, reason=Reason.NOT_READY, message="It does not answer as it should.", alive=True)


def _waiting(container: Container) -> Beside:
    waiting = container.waiting
    if waiting is None or waiting.reason in ORDINARY_WAITING:
        return Beside(ready=False, reason=Reason.STARTING, message="It is being created.", alive=True)
    said = clean(waiting.message or waiting.reason)
    if waiting.reason in IMAGE_REASONS:
        text = f"The image {container.image} cannot be pulled: {said}"
        return Beside(ready=False, reason=Reason.IMAGE_UNAVAILABLE, message=text, alive=False, held=True)
    return Beside(ready=False, reason=Reason.CANNOT_START, message=f"{waiting.reason}: {said}", alive=False, held=True)


def _ended(end: Terminated) -> Beside:
    if end.reason in START_ERRORS:
        text = f"It could not be started: {clean(end.message or end.reason)}"
        return Beside(ready=False, reason=Reason.CANNOT_START, message=text, alive=False)
    if end.exit_code == 0:
        return Beside(ready=False, reason=Reason.ENDED, message="", alive=False)
    why = "It used more memory than its limit." if end.reason == "OOMKilled" else f"It ended with {end.exit_code}."
    return Beside(ready=False, reason=Reason.CRASHED, message=why, alive=False)
