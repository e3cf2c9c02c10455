"""`job.json`: what every container of the attempt is told."""

from agentjob_api import pod
from agentjob_api.base import quantity_value
from agentjob_api.job_config import (
    ArchiveConfig,
    DesktopConfig,
    JobConfig,
    LimitsConfig,
    NotebookConfig,
    RepositoryConfig,
)
from agentjob_api.spec import AgentJobSpec

from agentjob_operator.links import base_path
from agentjob_operator.manifests.attempt import Attempt
from agentjob_operator.manifests.beside import has_desktop, has_notebook
from agentjob_operator.manifests.model import model_config
from agentjob_operator.manifests.volumes import RUN_SIZE
from agentjob_operator.settings import Settings


def job_config(attempt: Attempt, settings: Settings) -> JobConfig:
    """Holds no secret. Raises `ValueError` for a quantity that is none, which the API server has refused before."""
    spec = attempt.spec
    return JobConfig(
        namespace=attempt.namespace,
        name=attempt.name,
        uid=attempt.uid,
        attempt=attempt.number,
        engine=spec.engine.value,
        model=model_config(spec, settings.default_model),
        limits=_limits(attempt),
        repository=_repository(spec),
        archive=ArchiveConfig(
            format=spec.archive.format.value, exclude=spec.archive.exclude, max_bytes=spec.archive.max_bytes
        ),
        workspace_bytes=_bytes(spec.workspace.size),
        checkpoint_seconds=spec.workspace.checkpoint_seconds,
        home_bytes=_bytes(settings.resources.agent_home),
        tmp_bytes=_bytes(settings.resources.agent_tmp),
        run_bytes=_bytes(RUN_SIZE),
        desktop=_desktop(attempt, settings),
        notebook=_notebook(attempt, settings),
        services=tuple(service.value for service in spec.services),
        linger_seconds=spec.linger_seconds,
    )


def _bytes(size: object) -> int:
    return int(quantity_value(str(size)))


def _limits(attempt: Attempt) -> LimitsConfig:
    remaining = attempt.remaining
    return LimitsConfig(
        steps=remaining.steps,
        tokens=remaining.tokens,
        cost_usd=None if remaining.cost_usd is None else f"{remaining.cost_usd:f}",
        timeout_seconds=remaining.timeout_seconds,
    )


def _desktop(attempt: Attempt, settings: Settings) -> DesktopConfig | None:
    if not has_desktop(attempt.spec, settings.beside):
        return None
    resolution = attempt.spec.desktop.resolution
    return DesktopConfig(resolution=resolution, base_url=_base_url(attempt, settings, pod.DESKTOP_PORT))


def _notebook(attempt: Attempt, settings: Settings) -> NotebookConfig | None:
    if not has_notebook(attempt.spec, settings.beside):
        return None
    return NotebookConfig(base_url=_base_url(attempt, settings, pod.NOTEBOOK_PORT))


def _base_url(attempt: Attempt, settings: Settings, port: int) -> str:
    template = settings.access.url_template
    return base_path(template, namespace=attempt.namespace, name=attempt.name, port=port)


def _repository(spec: AgentJobSpec) -> RepositoryConfig | None:
    repository = spec.repository
    if repository is None:
        return None
    return RepositoryConfig(url=repository.url, ref=repository.ref, submodules=repository.submodules)
