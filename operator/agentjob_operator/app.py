"""The process: wires the parts together, leads or stands by, and shuts down within seconds.

Lease ─► squaring (start barrier) ─► workers, kopf, sweep, resync ─► SIGTERM or a part that ends ─► shut down
"""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

import structlog
from aiohttp import web

from agentjob_operator import health, leader, logs, preflight, source, tasks
from agentjob_operator.cache import Cache
from agentjob_operator.clock import Clock
from agentjob_operator.handlers import Handlers
from agentjob_operator.kube import paths
from agentjob_operator.kube.auth import Cluster, NoCluster, load_cluster
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.kube.errors import KubeError
from agentjob_operator.kube.watch import Watch
from agentjob_operator.metrics.process import Metrics
from agentjob_operator.metrics.reconciles import measured
from agentjob_operator.objects import Key
from agentjob_operator.reconcile import NetworkPolicies, Reconciler
from agentjob_operator.settings import Settings
from agentjob_operator.squaring import Squaring
from agentjob_operator.storage import ObjectStore
from agentjob_operator.sweep import Sweep
from agentjob_operator.workers import work
from agentjob_operator.workqueue import WorkQueue

EXIT_OK, EXIT_FAILED, EXIT_CONFIG = 0, 1, 2
START_TRIES: Final = 8
DRAIN_SECONDS: Final = 5.0
STOP_SECONDS: Final = 2.0
STUCK_SECONDS: Final = 120.0
LEASE_REQUEST_SECONDS: Final = 4.0

logger = structlog.get_logger(__name__)


class Operator:
    """One process. `run` returns its exit code."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._health = health.Health()
        self._clock, self._store_clock = Clock("the API server"), Clock("the object store")
        self._metrics = Metrics(
            default_model=settings.default_model.name,
            lease=settings.leader_election.lease_name,
            leads=lambda: self._health.state in ("syncing", "leading"),
            clocks=(self._clock, self._store_clock),
        )

    async def run(self) -> int:
        """Until SIGTERM or SIGINT, or until it cannot go on."""
        settings = self._settings
        cluster = await load_cluster()
        servers = await self._serve()
        kube = self._client(cluster, timeout=settings.api_timeout_seconds)
        self._catch_signals()
        try:
            async with kube, ObjectStore(settings.storage, self._store_clock) as store:
                await self._patiently("the API server", lambda: preflight.check(kube, settings.namespaces))
                await store.compare_clocks()
                restarts = await self._patiently("the API server", lambda: preflight.restarts_killed(kube))
                beside = settings.beside.model_copy(update={"restart_killed": restarts})
                self._settings = settings.model_copy(update={"beside": beside})
                return await self._lead(kube, store)
        finally:
            self._health.state = "stopping"
            for server in servers:
                await server.cleanup()

    async def _serve(self) -> list[web.AppRunner]:
        host, metrics_port = self._settings.health_host, self._settings.metrics_port
        metrics = [self._metrics.route()]
        beside = metrics if metrics_port is None else []
        servers = [await health.serve(self._health, host, self._settings.health_port, beside)]
        return servers if metrics_port is None else [*servers, await health.serve_routes(metrics, host, metrics_port)]

    async def _lead(self, kube: KubeClient, store: ObjectStore) -> int:
        options = self._settings.leader_election
        if not options.enabled:
            return await self._work(kube, store, None)
        async with self._client(kube.cluster, timeout=min(LEASE_REQUEST_SECONDS, options.renew_seconds / 2)) as own:
            election = leader.Election(own, options)
            kube.may_write = election.held
            return await self._stand_by(kube, store, election)

    async def _stand_by(self, kube: KubeClient, store: ObjectStore, election: leader.Election) -> int:
        leading = asyncio.Event()
        task = asyncio.create_task(leader.lead(election, leading.set), name="leader election")
        self._health.state = "standby"
        logger.info("standing by for the Lease", lease=self._settings.leader_election.lease_name)
        try:
            await tasks.first(leading.wait(), self._stop.wait(), tasks.ended(task))
            if self._stop.is_set():
                return EXIT_OK
            if leading.is_set():
                return await self._work(kube, store, task)
            tasks.log_end(task)
            return EXIT_FAILED
        finally:
            await tasks.cancel([task])

    def _client(self, cluster: Cluster, *, timeout: float) -> KubeClient:
        settings = self._settings
        return KubeClient(
            cluster,
            timeout_seconds=timeout,
            qps=settings.api_qps,
            burst=settings.api_burst,
            connections=2 * settings.workers + 8,
            metrics=self._metrics.requests,
            clock=self._clock,
        )

    async def _work(self, kube: KubeClient, store: ObjectStore, election: asyncio.Task[None] | None) -> int:
        settings, cache = self._settings, Cache()
        metrics, self._metrics.scrape.cache = self._metrics, cache
        queue: WorkQueue[Key] = WorkQueue(
            base=settings.backoff_base_seconds, maximum=settings.backoff_max_seconds, metrics=metrics.queue
        )
        self._health.state = "syncing"
        self._health.stuck = lambda: _stuck(queue)
        squaring = Squaring(kube=kube, cache=cache, queue=queue, **self._pages())
        sweep = self._sweep(kube)
        network = NetworkPolicies(kube, settings)
        reconciler = Reconciler(
            kube=kube,
            store=store,
            cache=cache,
            settings=settings,
            network=network,
            clock=self._clock.now,
            finished=sweep.schedule,
            recorded=metrics.agentjobs.written,
        )
        reconcile = measured(reconciler.reconcile, metrics.recorder)
        handlers = Handlers(cache, queue)
        watches = self._watches(kube, handlers)
        for watch in watches:
            await self._patiently("the start barrier", watch.begin)
        unfinished = await self._patiently("the start barrier", squaring.run)
        logger.info("leading", unfinished=unfinished)
        self._health.state = "leading"
        _settle_memory()
        kopf_stop = asyncio.Event()
        workers = [asyncio.create_task(work(queue, reconcile), name="worker") for _ in range(settings.workers)]
        parts = [
            *workers,
            asyncio.create_task(sweep.run(), name="sweep"),
            asyncio.create_task(self._resync(squaring), name="resync"),
            asyncio.create_task(network.keep(cache.namespaces, settings.resync_seconds), name="network"),
            *(asyncio.create_task(watch.run(squaring.run), name="watch") for watch in watches),
        ]
        stream = asyncio.create_task(self._stream(kube, handlers, kopf_stop), name="kopf")
        watched = [*parts, stream, *([election] if election is not None else [])]
        code = await self._until_end(watched)
        self._health.state = "stopping"
        queue.shut_down()
        kopf_stop.set()
        # Without the Lease there is nothing left to finish, and the next leader may already be waiting.
        if election is None or not election.done():
            await _drain(queue, stream)
        await tasks.cancel([stream, *parts])
        return code

    def _pages(self) -> dict[str, Any]:
        return {"namespaces": self._settings.namespaces, "page_size": self._settings.list_page_size}

    def _sweep(self, kube: KubeClient) -> Sweep:
        settings = self._settings
        return Sweep(
            kube=kube,
            storage=settings.storage,
            seconds=settings.sweep_seconds,
            clock=self._clock.now,
            store_clock=self._store_clock.now,
            recorder=self._metrics.recorder,
            **self._pages(),
        )

    async def _stream(self, kube: KubeClient, handlers: Handlers, stop: asyncio.Event) -> None:
        settings = self._settings
        await source.stream(
            *(kube, handlers, stop),
            catch_signals=self._catch_signals,
            request_timeout=settings.api_timeout_seconds,
            quiet_seconds=settings.watch_quiet_seconds,
            trace=self._metrics.requests.trace,
            **self._pages(),
        )

    def _watches(self, kube: KubeClient, handlers: Handlers) -> list[Watch]:
        settings = self._settings
        return [
            Watch(
                *(kube, paths.in_namespace(collection, namespace), paths.MANAGED, handler),
                quiet_seconds=settings.watch_quiet_seconds,
            )
            for collection, handler in ((paths.JOBS, handlers.job), (paths.PODS, handlers.pod))
            for namespace in tuple(settings.namespaces) or (None,)
        ]

    async def _until_end(self, watched: Sequence[asyncio.Task[Any]]) -> int:
        stop = asyncio.create_task(self._stop.wait(), name="signal")
        await asyncio.wait({stop, *watched}, return_when=asyncio.FIRST_COMPLETED)
        if self._stop.is_set():
            logger.info("stopping")
            return EXIT_OK
        stop.cancel()
        for task in watched:
            if task.done():
                tasks.log_end(task)
        return EXIT_FAILED

    async def _resync(self, squaring: Squaring) -> None:
        while True:
            await asyncio.sleep(self._settings.resync_seconds)
            try:
                await squaring.run()
                await squaring.delete_abandoned(self._clock.now())
            except KubeError as error:
                logger.warning(f"resync: {error}, again in {self._settings.resync_seconds} s")

    async def _patiently(self, what: str, attempt: Any) -> Any:
        """Tries again while the API server does not answer, eight times within some two minutes."""
        for tried in range(1, START_TRIES + 1):
            try:
                return await attempt()
            except KubeError as error:
                if tried == START_TRIES or self._stop.is_set():
                    raise
                logger.warning(f"{what}: {error}", tries=tried, of=START_TRIES)
                await asyncio.sleep(max(error.retry_after or 0.0, min(30, 2**tried / 2)))
        raise AssertionError("the last try returns or raises")

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m agentjob_operator [flags]`; returns the exit code."""
    try:
        settings = Settings.load(sys.argv[1:] if arguments is None else arguments)
    except ValueError as error:
        sys.stderr.write(f"agentjob-operator: the configuration is not valid: {error}\n")
        return EXIT_CONFIG
    logs.configure(settings.log_format, settings.log_level)
    try:
        return asyncio.run(Operator(settings).run())
    except (NoCluster, preflight.NotInstalled) as error:
        logger.error(str(error))
        return EXIT_CONFIG
    except (KubeError, OSError) as error:
        logger.error(f"cannot start: {error}")
        return EXIT_FAILED


def _stuck(queue: WorkQueue[Key]) -> str:
    waited = queue.stuck_seconds()
    return f"AgentJobs have been waiting for a worker for {waited:.0f} s" if waited > STUCK_SECONDS else ""


async def _drain(queue: WorkQueue[Key], stream: asyncio.Task[None]) -> None:
    """What has begun is finished, within limits."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(queue.drained(), DRAIN_SECONDS)
    await asyncio.wait({stream}, timeout=STOP_SECONDS)


def _settle_memory() -> None:
    """What is loaded by now stays: without this each full collection walks some 100,000 objects of imported modules."""
    gc.collect()
    gc.freeze()
