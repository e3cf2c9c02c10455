"""`notebook`: JupyterLab on the workspace. A main container for the reasons that `desktop` gives."""

from agentjob_api import pod
from agentjob_api.pod import Container

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.containers.beside import beside_fields, home, restart_fields, supervised
from agentjob_operator.manifests.containers.part import Part, plain
from agentjob_operator.manifests.containers.services import client_env
from agentjob_operator.settings import Settings


def notebook(attempt: Attempt, settings: Settings) -> Part:
    """It holds its own token and nothing else that is secret."""
    return Part(
        name=Container.NOTEBOOK,
        image=settings.notebook_image,
        image_pull_policy=settings.image_pull_policy,
        resources=settings.resources.notebook,
        arguments=supervised(Container.NOTEBOOK, attempt),
        env=(plain("HOME", pod.HOME), *client_env(attempt.spec)),
        mounts=(
            volumes.config(attempt, Container.NOTEBOOK, pod.KEY_CONFIG, pod.KEY_NOTEBOOK_TOKEN),
            volumes.workspace(attempt),
            volumes.courier_life(),
            volumes.agent_home_seen(settings.resources.agent_home),
            home(Container.NOTEBOOK, settings.resources.notebook_home),
            volumes.scratch_in_memory(Container.NOTEBOOK),
        ),
        extra=beside_fields(pod.NOTEBOOK_PORT, pod.ROLE_NOTEBOOK_READY) | restart_fields(settings.beside),
    )
