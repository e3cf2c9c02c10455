"""`/healthz` and `/readyz` for the kubelet.

healthz  200 while the event loop turns and no AgentJob has been waiting for a worker for longer than two minutes
readyz   200 once this process leads and its cache is squared, or stands by for the leader
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web


@dataclass
class Health:
    """Set by `app`, read by the probes."""

    state: str = "starting"
    """starting, standby, syncing, leading, stopping."""
    stuck: Callable[[], str] = lambda: ""
    """A sentence when the work does not go on; empty otherwise."""

    @property
    def ready(self) -> bool:
        return self.state in ("standby", "leading")


async def serve(health: Health, host: str, port: int, more: Sequence[web.RouteDef] = ()) -> web.AppRunner:
    """A running server, with `more` routes; `cleanup` ends it. Raises `OSError` when the port is taken."""

    async def healthz(_: web.Request) -> web.Response:
        problem = health.stuck()
        return web.Response(text=problem or "ok", status=503 if problem else 200)

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text=health.state, status=200 if health.ready else 503)

    return await serve_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), *more], host, port)


async def serve_routes(routes: Sequence[web.RouteDef], host: str, port: int) -> web.AppRunner:
    """As `serve`, without the probes."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
