"""`agent`: runs the engine and whatever the model asks for. Hostile by assumption: no secret is in its environment or mounts."""

from typing import Any

from agentjob_api import pod
from agentjob_api.pod import Container
from agentjob_api.spec import AgentJobSpec

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.beside import has_desktop
from agentjob_operator.manifests.containers.beside import display_env
from agentjob_operator.manifests.containers.part import Part, plain
from agentjob_operator.manifests.containers.services import service_env
from agentjob_operator.settings import Settings


def agent(attempt: Attempt, settings: Settings) -> Part:
    """Task and configuration come from the attempt's Secret; the upload grant in it is not mounted."""
    resources = settings.resources
    display = has_desktop(attempt.spec, settings.beside)
    return Part(
        name=Container.AGENT,
        image=attempt.spec.image or settings.agent_image,
        image_pull_policy=settings.image_pull_policy,
        resources=attempt.spec.resources or resources.agent,
        env=_env(attempt.spec, display=display),
        mounts=(
            volumes.config(attempt, Container.AGENT, pod.KEY_TASK, pod.KEY_CONFIG),
            volumes.workspace(attempt),
            volumes.run(),
            volumes.agent_home(resources.agent_home),
            volumes.scratch(Container.AGENT, resources.agent_tmp),
            *((volumes.x11(read_only=True),) if display else ()),
        ),
        extra={"workingDir": pod.WORKSPACE},
    )


def _env(spec: AgentJobSpec, *, display: bool) -> tuple[dict[str, Any], ...]:
    # PATH is the image's. What the user sets wins, each name once.
    values = {"HOME": pod.HOME} | service_env(spec.services) | {one.name: one.value for one in spec.env}
    fixed = tuple(plain(name, value) for name, value in values.items())
    return (*fixed, *(one for one in display_env() if display and one["name"] not in values))
