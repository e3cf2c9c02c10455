"""`job.json`: what every container of the attempt is told."""

from agentjob_api.base import quantity_value
from agentjob_api.job_config import ArchiveConfig, JobConfig, LimitsConfig, RepositoryConfig
from agentjob_api.spec import AgentJobSpec

from agentjob_operator.manifests.attempt import Attempt
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
        home_bytes=_bytes(settings.resources.agent_home),
        tmp_bytes=_bytes(settings.resources.agent_tmp),
        run_bytes=_bytes(RUN_SIZE),
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


def _repository(spec: AgentJobSpec) -> RepositoryConfig | None:
    repository = spec.repository
    if repository is None:
        return None
    return RepositoryConfig(url=repository.url, ref=repository.ref, submodules=repository.submodules)
