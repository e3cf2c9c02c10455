"""`courier`: uploads events and archive, and hands back the report. The only container that holds the upload grant."""

from agentjob_api import pod
from agentjob_api.pod import Container

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.containers.part import HOME_IN_SCRATCH, Part, plain
from agentjob_operator.manifests.secret import KEY_STORE_CA
from agentjob_operator.settings import Settings


def courier(attempt: Attempt, settings: Settings) -> Part:
    """Workspace and the proxy's count are read-only for it."""
    authority = (KEY_STORE_CA,) if settings.storage.ca_pem else ()
    return Part(
        name=Container.COURIER,
        image=settings.runtime_image,
        image_pull_policy=settings.image_pull_policy,
        resources=settings.resources.courier,
        env=(HOME_IN_SCRATCH, *(plain("SSL_CERT_FILE", f"{pod.CONFIG_DIR}/{key}") for key in authority)),
        mounts=(
            volumes.config(attempt, Container.COURIER, pod.KEY_CONFIG, pod.KEY_UPLOAD, *authority),
            volumes.workspace(attempt, read_only=True),
            volumes.run(),
            volumes.proxy(read_only=True),
            volumes.courier(attempt),
            volumes.courier_life(read_only=False),
            volumes.scratch(Container.COURIER),
        ),
    )
