"""Creates an attempt's Secret and Job, side by side. Names are deterministic, so doing it twice changes nothing."""

import asyncio
from dataclasses import dataclass
from typing import Any

from agentjob_api.reasons import Reason

from agentjob_operator.decoding import job_of
from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import AlreadyExists, KubeError, NotFound, Refused
from agentjob_operator.manifests import Attempt
from agentjob_operator.model import Cause
from agentjob_operator.objects import Job
from agentjob_operator.observe.waiting import clean, refusal
from agentjob_operator.reconcile.errors import Waiting

TERMINATING_PAUSE = 30.0


@dataclass(frozen=True)
class Created:
    """What is there now. `cause` says why something is not."""

    job: Job | None
    secret: bool
    cause: Cause | None


async def create(
    kube: KubeClient, attempt: Attempt, *, secret: dict[str, Any] | None, job: dict[str, Any] | None
) -> Created:
    """Posts what is given; what exists and is the AgentJob's own is adopted. Raises `KubeError` and `Waiting`."""
    answers = await asyncio.gather(
        _post_secret(kube, attempt, secret), _post_job(kube, attempt, job), return_exceptions=True
    )
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Refused | NotFound):
            raise answer
    made_secret, made_job = answers
    cause = None
    for what, answer in (("Job", made_job), ("Secret", made_secret)):
        if isinstance(answer, KubeError):
            cause = cause or cause_of(what, answer, attempt.namespace)
        elif isinstance(answer, Cause):
            cause = cause or answer
    return Created(made_job if isinstance(made_job, Job) else None, made_secret is True, cause)


async def _post_secret(kube: KubeClient, attempt: Attempt, secret: dict[str, Any] | None) -> bool:
    if secret is None:
        return False
    try:
        await kube.create(paths.secrets(attempt.namespace), secret)
    except AlreadyExists:
        # Nobody may read Secrets, the operator neither. The name holds a hash of the uid and the attempt's number: an earlier
        # run of this code made it, or somebody who may write Secrets here fools nobody but himself.
        return True
    return True


async def _post_job(kube: KubeClient, attempt: Attempt, job: dict[str, Any] | None) -> Job | Cause | None:
    if job is None:
        return None
    try:
        return job_of(await kube.create(paths.jobs(attempt.namespace), job))
    except AlreadyExists:
        return await _adopt(kube, attempt)


async def _adopt(kube: KubeClient, attempt: Attempt) -> Job | Cause:
    name = attempt.object_name
    try:
        existing = job_of(await kube.get(paths.job(attempt.namespace, name)))
    except NotFound as gone:
        raise Waiting(f"the Job {name} existed and is gone", 1) from gone
    if existing.owner_uid != attempt.uid:
        return Cause(Reason.NAME_CONFLICT, f"A Job {name} exists and is not this AgentJob's.")
    return existing


def cause_of(what: str, error: KubeError, namespace: str) -> Cause:
    """Why the API server refuses `what`. Raises `Waiting` when that is because the namespace is going away."""
    text = str(error)
    if isinstance(error, NotFound) or "is being terminated" in text:
        raise Waiting(f"the namespace {namespace} is going away: {clean(text)}", TERMINATING_PAUSE) from error
    return refusal(what, text)
