"""What desktop and notebook have in common."""

from typing import Any, Final

from agentjob_api import pod
from agentjob_api.pod import Container

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.containers.part import plain
from agentjob_operator.settings import BesideSettings

PROBE_SECONDS: Final = 5


def supervised(container: Container, attempt: Attempt) -> tuple[str, ...]:
    """The runtime's arguments."""
    return (pod.ROLE_SUPERVISE, container, str(attempt.spec.linger_seconds))


def home(container: Container, size: str) -> volumes.Mount:
    """A home of its own: the agent could leave a `.bashrc` in its own for whoever opens a terminal here."""
    return volumes.Mount(volumes.in_memory(f"{container}-home", size), pod.HOME)


KILLED: Final = 137
"""Exit code of SIGKILL: the kernel's when memory runs out. `supervise` itself never ends with it."""


def restart_fields(settings: BesideSettings) -> dict[str, Any]:
    """Started again when it was killed, and only then (KEP-5307; fields that an older API server would refuse).

    Never for any other end: an image that is not ours ends with another code each time, and would keep the finished pod from ending.
    """
    if not settings.restart_killed:
        return {}
    killed = {"action": "Restart", "exitCodes": {"operator": "In", "values": [KILLED]}}
    return {"restartPolicy": "Never", "restartPolicyRules": [killed]}


def beside_fields(port: int, ready_role: str) -> dict[str, Any]:
    """Port, working directory, and a readiness probe that asks for more than an open port. Nothing that could restart or end it."""
    return {
        "workingDir": pod.WORKSPACE,
        "ports": [{"containerPort": port, "protocol": "TCP"}],
        "readinessProbe": {
            "exec": {"command": [pod.RUNTIME_BIN, ready_role]},
            "periodSeconds": PROBE_SECONDS,
            "timeoutSeconds": PROBE_SECONDS,
            "failureThreshold": 2,
        },
    }


def display_env() -> tuple[dict[str, str], ...]:
    """Where X clients of desktop and agent find the server and the cookie."""
    return (plain("DISPLAY", pod.DISPLAY), plain("XAUTHORITY", pod.XAUTHORITY))
