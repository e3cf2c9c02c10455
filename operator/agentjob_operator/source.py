"""kopf as the source of AgentJob events: embedded, standalone, without state on any object."""

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
import kopf

from agentjob_operator.handlers import Handlers, registry_of, select
from agentjob_operator.kube.answers import Answers
from agentjob_operator.kube.client import KubeClient
from agentjob_operator.stateless import kopf_settings


async def stream(
    kube: KubeClient,
    handlers: Handlers,
    stop: asyncio.Event,
    *,
    catch_signals: Callable[[], None],
    namespaces: Sequence[str],
    page_size: int,
    request_timeout: float,
    quiet_seconds: float,
    trace: Callable[[], aiohttp.TraceConfig],
) -> None:
    """Feeds `handlers` until `stop` is set. Returns or raises when kopf cannot go on.

    kopf takes the process's signal handlers: `catch_signals` takes them back.
    """

    async def login(**_: object) -> kopf.AiohttpSession:
        cluster = kube.cluster
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=cluster.ssl_context()),
            headers=await cluster.headers(),
            trace_configs=[trace()],
            middlewares=(Answers(),),
        )
        return kopf.AiohttpSession(server=cluster.server, aiohttp_session=session)

    settings = kopf_settings(page_size=page_size, request_timeout=request_timeout, quiet_seconds=quiet_seconds)
    select(settings)
    others = asyncio.all_tasks()
    tasks = await kopf.spawn_tasks(
        registry=registry_of(handlers, login),
        settings=settings,
        standalone=True,
        clusterwide=not namespaces,
        namespaces=list(namespaces),
        stop_flag=stop,
    )
    catch_signals()
    await kopf.run_tasks(tasks, ignored=others)
