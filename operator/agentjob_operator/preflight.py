"""What must be there before anything is tried, so that a wrong installation says so at once. Reads only."""

from collections.abc import Sequence

from agentjob_api import names

from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import Forbidden, NotFound, Unauthorized


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
