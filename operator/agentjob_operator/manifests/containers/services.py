"""`postgres` and `redis`: native sidecars, for the agent waits for them anyway, and a task that asked for a database cannot do without."""

from agentjob_api import pod
from agentjob_api.beside import Service
from agentjob_api.pod import Container
from agentjob_api.pod_options import ResourceRequirements
from agentjob_api.spec import AgentJobSpec

from agentjob_operator.manifests import volumes
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.containers.part import HOME_IN_SCRATCH, Part, plain
from agentjob_operator.settings import Settings


def postgres(_: Attempt, settings: Settings) -> Part:
    """PostgreSQL on 127.0.0.1 of the pod."""
    data = volumes.Mount(volumes.empty_dir("postgres-data", settings.resources.service_data), pod.POSTGRES_DIR)
    return _service(Container.POSTGRES, pod.ROLE_POSTGRES, settings.resources.postgres, data, settings)


def redis(_: Attempt, settings: Settings) -> Part:
    """Redis on 127.0.0.1 of the pod."""
    data = volumes.Mount(volumes.empty_dir("redis-data", settings.resources.service_data), pod.REDIS_DIR)
    return _service(Container.REDIS, pod.ROLE_REDIS, settings.resources.redis, data, settings)


def service_env(services: tuple[Service, ...]) -> dict[str, str]:
    """What clients in the agent look for."""
    variables: dict[str, str] = {}
    if Service.POSTGRES in services:
        user, database = pod.POSTGRES_USER, pod.POSTGRES_DATABASE
        variables |= {
            "DATABASE_URL": f"postgresql://{user}@127.0.0.1:{pod.POSTGRES_PORT}/{database}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(pod.POSTGRES_PORT),
            "PGUSER": user,
            "PGDATABASE": database,
        }
    if Service.REDIS in services:
        variables["REDIS_URL"] = f"redis://127.0.0.1:{pod.REDIS_PORT}/0"
    return variables


def client_env(spec: AgentJobSpec) -> tuple[dict[str, str], ...]:
    """The same for the terminals and kernels of a person, as the agent has it: what the user sets wins."""
    chosen = {one.name: one.value for one in spec.env}
    return tuple(plain(name, chosen.get(name, value)) for name, value in service_env(spec.services).items())


def _service(
    container: Container, role: str, resources: ResourceRequirements, data: volumes.Mount, settings: Settings
) -> Part:
    return Part(
        name=container,
        image=settings.services_image,
        image_pull_policy=settings.image_pull_policy,
        resources=resources,
        arguments=(role,),
        env=(HOME_IN_SCRATCH,),
        mounts=(data, volumes.scratch(container)),
        extra={"restartPolicy": "Always"},
    )
