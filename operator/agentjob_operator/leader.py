"""One of several replicas works: a Lease, by `kubernetes.aio.leaderelection`. Losing it ends the process.

kopf's peering is no election: equal priorities freeze everybody.
"""

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
import structlog
from kubernetes.aio.client import ApiClient, V1Lease, V1ObjectMeta
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.aio.leaderelection.resourcelock.leaselock import LeaseLock

from agentjob_operator.kube.auth import Cluster
from agentjob_operator.settings import LeaderElection as Options

NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
REQUEST_SECONDS: Final = 4.0
RELEASE_SECONDS, RELEASE_TRIES = 2.0, 3

logger = structlog.get_logger(__name__)


class PatientLock(LeaseLock):
    """A LeaseLock to which a lost connection is a failed try, not the end."""

    async def get(
        self, name: str, namespace: str
    ) -> tuple[bool, LeaderElectionRecord] | tuple[bool, Exception] | tuple[bool, None]:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                return await super().get(name, namespace)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return False, ApiException(status=0, reason=str(error) or type(error).__name__)

    async def create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        # LeaseLock's own passes `pretty=True`, which the client of kubernetes 37.0 refuses: it wants a string.
        return await _try(self._create(name, namespace, election_record))

    async def _create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        body = V1Lease(metadata=V1ObjectMeta(name=name), spec=self.update_lease(election_record))
        try:
            await self.api_instance.create_namespaced_lease(namespace, body)
        except ApiException as error:
            logger.warning(f"the Lease cannot be created: {error.status} {error.reason}")
            return False
        return True

    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        return await _try(super().update(name, namespace, updated_record))


async def _try(request: Awaitable[bool]) -> bool:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            return await request
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        logger.warning(f"the Lease cannot be written: {error or type(error).__name__}")
        return False


async def lead(cluster: Cluster, options: Options, started: Callable[[], None]) -> None:
    """Waits for the Lease, calls `started`, and returns when the Lease is lost. Cancelled, it gives the Lease up."""
    identity = f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"
    namespace = options.lease_namespace or _own_namespace()
    async with ApiClient(cluster.configuration) as client:
        lock = PatientLock(options.lease_name, namespace, identity, client)

        async def on_started() -> None:
            started()

        async def on_stopped() -> None:
            logger.error("the Lease is lost")

        config = Config(
            lock,
            lease_duration=options.lease_seconds,
            renew_deadline=options.renew_seconds,
            retry_period=options.retry_seconds,
            onstarted_leading=on_started,
            onstopped_leading=on_stopped,
        )
        try:
            await LeaderElection(config).run()
        finally:
            await _release(lock, identity)


def _own_namespace() -> str:
    if NAMESPACE_FILE.is_file():
        return NAMESPACE_FILE.read_text().strip()
    return os.environ.get("POD_NAMESPACE", "default")


async def _release(lock: PatientLock, identity: str) -> None:
    # So that the next one need not wait for the Lease to run out.
    try:
        async with asyncio.timeout(RELEASE_SECONDS):
            for _ in range(RELEASE_TRIES):
                if await _give_up(lock, identity):
                    return
            logger.warning(f"the Lease could not be given up: it changed {RELEASE_TRIES} times meanwhile")
    except (ApiException, aiohttp.ClientError, TimeoutError, OSError) as error:
        logger.warning(f"the Lease could not be given up: {error or type(error).__name__}")


async def _give_up(lock: PatientLock, identity: str) -> bool:
    """Whether the Lease is not ours any more."""
    # Read anew: what LeaseLock remembers is from before its last renewal, and a renewal may still have been under way.
    lease = await lock.api_instance.read_namespaced_lease(lock.name, lock.namespace)
    if lease.spec is None or lease.spec.holder_identity != identity:
        return True
    lease.spec.holder_identity = None
    try:
        await lock.api_instance.replace_namespaced_lease(name=lock.name, namespace=lock.namespace, body=lease)
    except ApiException as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
        return False
    logger.info("the Lease is given up")
    return True
