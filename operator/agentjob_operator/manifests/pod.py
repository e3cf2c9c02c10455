"""The pod of an attempt: an ordered list of parts, and what holds for all of them."""

from collections.abc import Callable
from typing import Any, Final

from agentjob_api import names
from agentjob_api.beside import Service
from agentjob_api.pod import Container

from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.beside import has_desktop, has_notebook
from agentjob_operator.manifests.containers.agent import agent
from agentjob_operator.manifests.containers.courier import courier
from agentjob_operator.manifests.containers.desktop import desktop
from agentjob_operator.manifests.containers.model_proxy import model_proxy
from agentjob_operator.manifests.containers.notebook import notebook
from agentjob_operator.manifests.containers.part import Part
from agentjob_operator.manifests.containers.prepare import prepare
from agentjob_operator.manifests.containers.services import postgres, redis
from agentjob_operator.manifests.labels import annotations, labels
from agentjob_operator.manifests.security import pod_security_context
from agentjob_operator.settings import Settings

Builder = Callable[[Attempt, Settings], Part]

FIRST_PARTS: Final[tuple[Builder, ...]] = (model_proxy, prepare)
"""Init containers, started in this order; services after them, so that they start while nothing else does."""
MAIN_PARTS: Final[tuple[Builder, ...]] = (courier, agent)
"""The courier first: it opens the agent's lock before the agent can run anything. The kubelet pulls and starts one after the other,
so desktop and notebook come last: their images may be missing, or large."""

GRACE_SECONDS: Final = 120
"""After SIGTERM: the agent stops at a step boundary and the courier still archives."""
HOSTNAME: Final = "agentjob"
"""The same for all: the pod's name would tell what the job is about to whatever the agent talks to."""


def pod_template(attempt: Attempt, settings: Settings) -> dict[str, Any]:
    """core/v1 PodTemplateSpec."""
    return {
        "metadata": {
            "labels": labels(attempt) | {names.LABEL_EGRESS: str(attempt.spec.network.egress)},
            "annotations": annotations(attempt) | _pod_annotations(),
        },
        "spec": _fixed_fields() | _chosen_fields(attempt, settings) | _parts(attempt, settings),
    }


def _pod_annotations() -> dict[str, str]:
    return {
        "kubectl.kubernetes.io/default-container": str(Container.AGENT),
        # An agent's work of hours is not moved to save a node.
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    }


def _fixed_fields() -> dict[str, Any]:
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "shareProcessNamespace": False,
        "hostname": HOSTNAME,
        "securityContext": pod_security_context(),
    }


def _chosen_fields(attempt: Attempt, settings: Settings) -> dict[str, Any]:
    spec = attempt.spec
    pull_secrets = dict.fromkeys((*spec.image_pull_secrets, *settings.pod_image_pull_secrets))
    fields: dict[str, Any] = {
        "nodeSelector": spec.node_selector,
        "tolerations": [toleration.model_dump(by_alias=True, exclude_none=True) for toleration in spec.tolerations],
        "runtimeClassName": spec.runtime_class_name,
        "priorityClassName": spec.priority_class_name,
        "imagePullSecrets": [{"name": secret.name} for secret in pull_secrets],
    }
    return {name: value for name, value in fields.items() if value}


def _services(attempt: Attempt) -> tuple[Builder, ...]:
    builders: dict[Service, Builder] = {Service.POSTGRES: postgres, Service.REDIS: redis}
    return tuple(build for service, build in builders.items() if service in attempt.spec.services)


def _beside(attempt: Attempt, settings: Settings) -> tuple[Builder, ...]:
    spec, defaults = attempt.spec, settings.beside
    wanted = ((notebook, has_notebook(spec, defaults)), (desktop, has_desktop(spec, defaults)))
    return tuple(build for build, on in wanted if on)


def _parts(attempt: Attempt, settings: Settings) -> dict[str, Any]:
    init = [build(attempt, settings) for build in (*FIRST_PARTS, *_services(attempt))]
    main = [build(attempt, settings) for build in (*MAIN_PARTS, *_beside(attempt, settings))]
    volumes = {mount.volume["name"]: mount.volume for part in init + main for mount in part.mounts}
    return {
        "initContainers": [part.as_container() for part in init],
        "containers": [part.as_container() for part in main],
        "volumes": list(volumes.values()),
    }
