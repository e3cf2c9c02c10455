"""`model-proxy`: holds the model's key. Native sidecar, first of all: a missing Secret shows before anything else starts."""

from agentjob_api import pod
from agentjob_api.pod import Container

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.containers.part import HOME_IN_SCRATCH, Part, from_secret
from agentjob_operator.manifests.model import api_key_ref
from agentjob_operator.settings import Settings


def model_proxy(attempt: Attempt, settings: Settings) -> Part:
    """No probes: it listens on 127.0.0.1, where the kubelet cannot ask, and must never delay the end of the job."""
    key = api_key_ref(attempt.spec, settings.default_model)
    secret = () if key is None else (from_secret(pod.ENV_MODEL_API_KEY, key.name, key.key),)
    return Part(
        name=Container.MODEL_PROXY,
        image=settings.runtime_image,
        image_pull_policy=settings.image_pull_policy,
        resources=settings.resources.model_proxy,
        env=(HOME_IN_SCRATCH, *secret),
        mounts=(
            volumes.config(attempt, Container.MODEL_PROXY, pod.KEY_CONFIG),
            volumes.proxy(),
            volumes.scratch(Container.MODEL_PROXY),
        ),
        extra={"restartPolicy": "Always"},
    )
