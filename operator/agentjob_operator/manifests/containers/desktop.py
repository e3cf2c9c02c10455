"""`desktop`: X, noVNC behind a token, and programs on the workspace.

A main container, not a native sidecar: a sidecar whose image cannot be pulled, whose program is missing or that ends at once keeps
all main containers from starting (seen with 1.35), and the agent with them. Beside the agent it can only fail alone. In exchange
`supervise` does what the kubelet does for sidecars: it starts the desktop again, and ends it with the courier; where the cluster can,
the kubelet starts a container again that was killed whole.
"""

from agentjob_api import pod
from agentjob_api.pod import Container

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.containers.beside import beside_fields, display_env, home, restart_fields, supervised
from agentjob_operator.manifests.containers.part import Part, plain
from agentjob_operator.manifests.containers.services import client_env
from agentjob_operator.settings import Settings

PRIVATE_SIZE = "16Mi"


def desktop(attempt: Attempt, settings: Settings) -> Part:
    """It gets the hash of its token only: the agent can type into the desktop's terminal."""
    return Part(
        name=Container.DESKTOP,
        image=settings.desktop_image,
        image_pull_policy=settings.image_pull_policy,
        resources=settings.resources.desktop,
        arguments=supervised(Container.DESKTOP, attempt),
        env=(plain("HOME", pod.HOME), *display_env(), *client_env(attempt.spec)),
        mounts=(
            volumes.config(attempt, Container.DESKTOP, pod.KEY_CONFIG, pod.KEY_DESKTOP_TOKEN_HASH),
            volumes.workspace(attempt),
            volumes.events(),
            volumes.courier_life(),
            home(Container.DESKTOP, settings.resources.desktop_home),
            volumes.Mount(volumes.in_memory("desktop-private", PRIVATE_SIZE), pod.DESKTOP_DIR),
            volumes.scratch_in_memory(Container.DESKTOP),
            volumes.x11(),
        ),
        extra=beside_fields(pod.DESKTOP_PORT, pod.ROLE_DESKTOP_READY) | restart_fields(settings.beside),
    )
