"""What must be there before anything is tried, so that a wrong installation says so at once, and what may be. Reads only."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from agentjob_api import names

from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import Forbidden, NotFound, Unauthorized

RESTART_RULES: Final = (1, 35)
"""The Kubernetes version from which containers have `restartPolicyRules` (KEP-5307). Where their feature gate is off the API server
drops the fields; an older one refuses the pod."""

logger = structlog.get_logger(__name__)


class NotInstalled(Exception):  # noqa: N818 - a state
    """Something is missing that only an administrator can add; the text says what."""


async def check(kube: KubeClient, namespaces: Sequence[str]) -> None:
    """Raises `NotInstalled`, and `KubeError` when the API server does not answer."""
    try:
        await kube.get(f"/apis/{names.API_VERSION}")
    except NotFound as error:
        crd = f"{names.PLURAL}.{names.GROUP}"
        raise NotInstalled(f"the CustomResourceDefinition {crd} is not installed: apply crds/agentjobs.yaml") from error
    except Unauthorized as error:
        raise NotInstalled(f"the API server does not accept the operator's credential: {error}") from error
    for collection in (paths.AGENTJOBS, paths.JOBS, paths.PODS):
        for namespace in tuple(namespaces) or (None,):
            try:
                await kube.get(
                    paths.in_namespace(collection, namespace), {"limit": "1", "labelSelector": paths.MANAGED}
                )
            except Forbidden as error:
                raise NotInstalled(f"the operator's role does not allow what it needs: {error}") from error


async def restarts_killed(kube: KubeClient) -> bool:
    """Whether a container of a pod that is never restarted can be. Raises `KubeError` when the API server does not answer."""
    try:
        told = await kube.get("/version")
    except Forbidden as error:
        logger.warning(f"a killed desktop or notebook stays down: {error}")
        return False
    return version_of(told) >= RESTART_RULES


def version_of(told: Mapping[str, object]) -> tuple[int, int]:
    """Of `GET /version`, where providers write `"minor": "35+"`; (0, 0) where there is no number."""
    found = [re.match(r"\d+", str(told.get(part, ""))) for part in ("major", "minor")]
    major, minor = (int(one[0]) if one else 0 for one in found)
    return major, minor
