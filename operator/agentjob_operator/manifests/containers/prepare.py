"""`prepare`: fills the workspace; holds the Git credential and is gone before the agent starts."""

from typing import Any

from agentjob_api import pod
from agentjob_api.pod import Container
from agentjob_api.spec import AgentJobSpec

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.containers.part import HOME_IN_SCRATCH, Part, from_secret, plain
from agentjob_operator.manifests.secret import KEY_STORE_CA
from agentjob_operator.settings import Settings


def prepare(attempt: Attempt, settings: Settings) -> Part:
    """An ordinary init container. Only an attempt after the first can have a checkpoint to go on from."""
    first = attempt.number == 1
    config = volumes.config if first else volumes.config_to_restore
    authority = (KEY_STORE_CA,) if settings.storage.ca_pem and not first else ()
    return Part(
        name=Container.PREPARE,
        image=settings.runtime_image,
        image_pull_policy=settings.image_pull_policy,
        resources=settings.resources.prepare,
        env=(
            HOME_IN_SCRATCH,
            *(plain(pod.ENV_STORE_CA, f"{pod.CONFIG_DIR}/{key}") for key in authority),
            *_git_credential(attempt.spec),
        ),
        mounts=(
            config(attempt, Container.PREPARE, pod.KEY_CONFIG, *authority),
            volumes.workspace(attempt),
            volumes.run(),
            volumes.scratch(Container.PREPARE),
        ),
    )


def _git_credential(spec: AgentJobSpec) -> tuple[dict[str, Any], ...]:
    if spec.repository is None or spec.repository.credentials_secret_ref is None:
        return ()
    name = spec.repository.credentials_secret_ref.name
    return (
        from_secret(pod.ENV_GIT_USERNAME, name, pod.GIT_SECRET_USERNAME_KEY, optional=True),
        from_secret(pod.ENV_GIT_PASSWORD, name, pod.GIT_SECRET_PASSWORD_KEY),
    )
