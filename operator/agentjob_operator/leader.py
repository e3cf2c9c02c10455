"""One of several replicas works: the one that holds the Lease. Losing it ends the process.

kopf's peering is no election: equal priorities freeze everybody. Nor does `kubernetes.aio.leaderelection` (37.0) hold under a fault:
it counts the time to give up from its next try on, by the wall clock, and a try may take eight seconds more, so that a leader that is
cut off goes on after its Lease has run out; and one whose Lease another has taken goes on until then.

What holds here, by each replica's own monotonic clock:
  a leader writes for `renew_seconds` from the beginning of its last renewal that was answered (`held` is asked before each write);
  another one takes the Lease `lease_seconds` after it saw that renewal, which is later.
"""

import asyncio
import os
import socket
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog

from agentjob_operator.kube import paths
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import Conflict, Forbidden, KubeError, NotFound
from agentjob_operator.lease import Sight, held_by, holder_of
from agentjob_operator.settings import LeaderElection as Options

NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
RELEASE_SECONDS, RELEASE_TRIES = 2.0, 3

logger = structlog.get_logger(__name__)


class Taken(Exception):  # noqa: N818 - a state
    """Another one holds the Lease."""


class Election:
    """One candidate. `kube` serves nothing else: what hangs elsewhere must not keep a renewal waiting."""

    def __init__(self, kube: KubeClient, options: Options) -> None:
        self._kube, self._options = kube, options
        self._namespace = options.lease_namespace or _own_namespace()
        self._identity = f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"
        self._sight = Sight(self._identity)
        self._lease: dict[str, Any] | None = None
        self._wrote = False
        self._until = float("-inf")

    def held(self) -> bool:
        """Nobody else can have the Lease yet."""
        return _now() < self._until

    async def acquire(self) -> None:
        """Returns when the Lease is held. Raises `Forbidden`; other errors are logged and it is tried again, for as long as it takes."""
        while True:
            if await self._take():
                break
            await asyncio.sleep(self._sight.pause(_now(), self._options.retry_seconds))
        logger.info("holding the Lease", lease=self._options.lease_name, identity=self._identity)

    async def keep(self) -> None:
        """Renews it; returns when it is lost."""
        while self.held():
            await asyncio.sleep(max(0.0, min(self._options.retry_seconds, self._until - _now())))
            try:
                async with asyncio.timeout_at(self._until):
                    await self._renew()
            except Taken as error:
                self._until = float("-inf")
                logger.error(f"the Lease is lost: {error}")
                return
            except (KubeError, TimeoutError) as error:
                logger.warning(f"the Lease cannot be renewed: {error or type(error).__name__}")
        logger.error(f"the Lease is lost: it could not be renewed for {self._options.renew_seconds} s")

    async def release(self) -> None:
        """So that the next one need not wait for it to run out."""
        self._until = float("-inf")
        if not self._wrote:
            return
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                for _ in range(RELEASE_TRIES):
                    if await self._give_up():
                        return
            logger.warning(f"the Lease could not be given up: it changed {RELEASE_TRIES} times meanwhile")
        except (KubeError, TimeoutError) as error:
            logger.warning(f"the Lease could not be given up: {error or type(error).__name__}")

    async def _take(self) -> bool:
        began = _now()
        try:
            lease = await self._read()
            if not self._sight.free(lease, _now()):
                return False
            await self._write(lease)
        except Conflict:
            logger.debug("another one was faster to take the Lease")
            return False
        except Forbidden:
            raise
        except KubeError as error:
            logger.warning(f"the Lease cannot be taken: {error}")
            return False
        self._until = began + self._options.renew_seconds
        return True

    async def _renew(self) -> None:
        began = _now()
        try:
            await self._write(self._lease)
        except (Conflict, NotFound):
            # It was changed or deleted by hand, our last renewal was not answered, or it is another's.
            lease = await self._read()
            if lease is not None and holder_of(lease) not in ("", self._identity):
                raise Taken(f"{holder_of(lease)} holds it") from None
            await self._write(lease)
        self._until = began + self._options.renew_seconds

    async def _give_up(self) -> bool:
        """Whether the Lease is not ours any more."""
        lease = await self._read()
        if lease is None or holder_of(lease) != self._identity:
            return True
        lease["spec"]["holderIdentity"] = ""
        try:
            await self._kube.put(self._path, lease)
        except Conflict:
            return False
        logger.info("the Lease is given up")
        return True

    async def _read(self) -> dict[str, Any] | None:
        try:
            return await self._kube.get(self._path)
        except NotFound:
            return None

    async def _write(self, lease: dict[str, Any] | None) -> None:
        """Creates it, or replaces exactly `lease`."""
        name, seconds = self._options.lease_name, self._options.lease_seconds
        body = held_by(
            self._identity, lease, seconds=seconds, now=datetime.now(UTC), namespace=self._namespace, name=name
        )
        self._wrote = True
        if lease is None:
            self._lease = await self._kube.post(paths.leases(self._namespace), body)
        else:
            self._lease = await self._kube.put(self._path, body)

    @property
    def _path(self) -> str:
        return paths.lease(self._namespace, self._options.lease_name)


async def lead(election: Election, started: Callable[[], None]) -> None:
    """Waits for the Lease, calls `started`, and returns when the Lease is lost. Cancelled, it gives the Lease up. Raises `Forbidden`."""
    try:
        await election.acquire()
        started()
        await election.keep()
    except asyncio.CancelledError:
        await election.release()
        raise


def _own_namespace() -> str:
    if NAMESPACE_FILE.is_file():
        return NAMESPACE_FILE.read_text().strip()
    return os.environ.get("POD_NAMESPACE", "default")


def _now() -> float:
    return asyncio.get_running_loop().time()
