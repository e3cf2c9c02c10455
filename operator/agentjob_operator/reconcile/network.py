"""NetworkPolicies: a namespace's are there, and as they should be, before its first pod; an AgentJob's own before its Job.

After the first AgentJob of a namespace this costs nothing: what was found in order is believed until the next `keep`, which looks
again at every namespace with unfinished AgentJobs. Somebody who deletes or edits a policy is put right then.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any

from agentjob_api import names
from agentjob_api.network import Network
from agentjob_api.reasons import Reason

from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import AlreadyExists, Conflict, KubeError, NotFound, Refused
from agentjob_operator.kube.lists import list_pages
from agentjob_operator.manifests import Attempt
from agentjob_operator.manifests.network import allow_policy, namespace_policies
from agentjob_operator.model import Cause
from agentjob_operator.reconcile.create import cause_of
from agentjob_operator.reconcile.errors import Waiting
from agentjob_operator.settings import Settings

OF_NAMESPACES = f"{paths.MANAGED},!{names.LABEL_UID}"
"""Label selector: without those that belong to an AgentJob."""
KIND = "NetworkPolicy"

logger = logging.getLogger(__name__)


class NetworkPolicies:
    """One instance."""

    def __init__(self, kube: KubeClient, settings: Settings) -> None:
        self._kube, self._enabled, self._page_size = kube, settings.network.enabled, settings.list_page_size
        self._wanted = namespace_policies(settings)
        self._in_order: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def prepare(self, attempt: Attempt) -> Cause | None:
        """Before the attempt's pod: why it must not be made yet, None when all is in place. Raises `KubeError`, `Waiting`."""
        if not self._enabled:
            return _needs_none(attempt.spec.network)
        cause = await self._ensure(attempt.namespace)
        own = allow_policy(attempt)
        return cause if cause is not None or own is None else await self._post_own(attempt, own)

    async def keep(self, active: Callable[[], Collection[str]], seconds: float) -> None:
        """Until cancelled: looks at the namespaces that `active` names now, and again every `seconds`. Errors are logged."""
        while True:
            self._in_order.clear()
            for namespace in sorted(active()) if self._enabled else ():
                try:
                    cause = await self._ensure(namespace)
                except (KubeError, Waiting) as error:
                    logger.warning("NetworkPolicies of %s: %s, again in %g s", namespace, error, seconds)
                else:
                    if cause is not None:
                        logger.warning("NetworkPolicies of %s: %s", namespace, cause.message)
            await asyncio.sleep(seconds)

    async def _ensure(self, namespace: str) -> Cause | None:
        if namespace in self._in_order:
            return None
        async with self._locks[namespace]:
            if namespace in self._in_order:
                return None
            found = await self._list(namespace)
            for wanted in self._wanted:
                cause = await self._square(namespace, wanted, found.get(wanted["metadata"]["name"]))
                if cause is not None:
                    return cause
            self._in_order.add(namespace)
        return None

    async def _list(self, namespace: str) -> dict[str, dict[str, Any]]:
        path = paths.network_policies(namespace)
        pages = list_pages(self._kube, path, {"labelSelector": OF_NAMESPACES}, page_size=self._page_size)
        return {item["metadata"]["name"]: item async for page in pages for item in page}

    async def _square(self, namespace: str, wanted: dict[str, Any], found: dict[str, Any] | None) -> Cause | None:
        if found is not None and _same(wanted, found):
            return None
        name = wanted["metadata"]["name"]
        metadata = {**wanted["metadata"], "namespace": namespace}
        try:
            if found is None:
                await self._kube.post(paths.network_policies(namespace), {**wanted, "metadata": metadata})
            else:
                metadata["resourceVersion"] = found["metadata"]["resourceVersion"]
                await self._kube.put(paths.network_policy(namespace, name), {**wanted, "metadata": metadata})
        except AlreadyExists:
            # Not among those with our label: it is somebody else's, or was made ours no more.
            return Cause(Reason.NAME_CONFLICT, f"A {KIND} {name} exists and is not the operator's.")
        except Conflict as error:
            raise Waiting(f"the {KIND} {name} has changed meanwhile", 0) from error
        except (Refused, NotFound) as error:
            return cause_of(KIND, error, namespace)
        logger.info("%s the %s %s/%s", "created" if found is None else "corrected", KIND, namespace, name)
        return None

    async def _post_own(self, attempt: Attempt, policy: Mapping[str, Any]) -> Cause | None:
        try:
            await self._kube.post(paths.network_policies(attempt.namespace), policy)
        except AlreadyExists:
            # Of an earlier attempt, or an earlier run of this code: `network` cannot change. The name holds a hash of the uid.
            return None
        except (Refused, NotFound) as error:
            return cause_of(KIND, error, attempt.namespace)
        return None


def _needs_none(network: Network) -> Cause | None:
    """What nobody would enforce must not be promised."""
    if network == Network():
        return None
    asked = "network.allow" if network.egress == Network().egress else f"network.egress {network.egress}"
    return Cause(Reason.NETWORK_POLICIES_OFF, f"spec.{asked} needs NetworkPolicies, and the operator makes none.")


def _same(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    annotations = found["metadata"].get("annotations") or {}
    described = wanted["metadata"]["annotations"].items() <= annotations.items()
    return described and bool(wanted["spec"] == found["spec"])
