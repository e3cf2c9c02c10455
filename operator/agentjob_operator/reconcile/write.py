"""What reconcile writes beside Secret and Job: one PATCH of status, Events, deletions of Jobs."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agentjob_api import names

from agentjob_operator.decoding import agentjob_of
from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import Conflict, KubeError, NotFound
from agentjob_operator.objects import AgentJob, Job
from agentjob_operator.status import Event

COMPONENT = "agentjob-operator"

logger = logging.getLogger(__name__)


async def patch_status(kube: KubeClient, agentjob: AgentJob, patch: Mapping[str, Any]) -> AgentJob:
    """The AgentJob as it is then. Raises `Conflict` when it has changed since it was read, and any other `KubeError`."""
    body = {"metadata": {"resourceVersion": agentjob.resource_version}, "status": patch}
    return agentjob_of(await kube.patch(paths.agentjob_status(agentjob.namespace, agentjob.name), body))


async def delete_job(kube: KubeClient, job: Job) -> None:
    """With its pods. That it is gone already, or another one, is as good."""
    options = {"propagationPolicy": "Background", "preconditions": {"uid": job.uid}}
    try:
        await kube.delete(paths.job(job.namespace, job.name), options)
    except (NotFound, Conflict) as error:
        logger.debug("the Job %s need not be deleted: %s", job.name, error)
    else:
        logger.info("deleted the Job %s, which still ran", job.name)


async def emit(kube: KubeClient, agentjob: AgentJob, event: Event, now: datetime) -> None:
    """A core/v1 Event. It is for people only: when it cannot be written, that is logged and nothing else happens."""
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {
        "metadata": {"generateName": f"{agentjob.name[:200]}.", "namespace": agentjob.namespace},
        "involvedObject": {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "namespace": agentjob.namespace,
            "name": agentjob.name,
            "uid": agentjob.uid,
            "resourceVersion": agentjob.resource_version,
        },
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "source": {"component": COMPONENT},
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
    }
    try:
        await kube.post(paths.events(agentjob.namespace), body)
    except KubeError as error:
        logger.warning("an Event could not be written: %s", error)
