"""`agent`: runs the engine and whatever the model asks for. Hostile by assumption: no secret is in its environment or mounts."""

from typing import Any

from agentjob_api import pod
from agentjob_api.pod import Container
from agentjob_api.spec import AgentJobSpec

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.containers.part import Part, plain
from agentjob_operator.settings import Settings


def agent(attempt: Attempt, settings: Settings) -> Part:
    """Task and configuration come from the attempt's Secret; the upload grant in it is not mounted."""
    resources = settings.resources
    return Part(
        name=Container.AGENT,
        image=attempt.spec.image or settings.agent_image,
        image_pull_policy=settings.image_pull_policy,
        resources=attempt.spec.resources or resources.agent,
        env=_env(attempt.spec),
        mounts=(
            volumes.config(attempt, Container.AGENT, pod.KEY_TASK, pod.KEY_CONFIG),
            volumes.workspace(attempt),
            volumes.run(),
            volumes.Mount(volumes.empty_dir("home", resources.agent_home), pod.HOME),
            volumes.scratch(Container.AGENT, resources.agent_tmp),
        ),
        extra={"workingDir": pod.WORKSPACE},
    )


def _env(spec: AgentJobSpec) -> tuple[dict[str, Any], ...]:
    # PATH is the image's. What the user sets wins, each name once.
    values = {"HOME": pod.HOME} | {variable.name: variable.value for variable in spec.env}
    return tuple(plain(name, value) for name, value in values.items())
