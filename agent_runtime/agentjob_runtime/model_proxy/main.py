"""Starts the proxy, and ends it at once on SIGTERM."""

import asyncio
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentjob_api.job_config import JobConfig
from agentjob_api.pod import ENV_MODEL_API_KEY, PROXY_PORT, ExitCode

from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.config import ConfigError, read_job_config
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.serving import serve_app, stop_on_signals
from agentjob_runtime.model_proxy.ledger import Ledger, LedgerError
from agentjob_runtime.model_proxy.redact import SHORTEST, Redactor
from agentjob_runtime.model_proxy.relay import Relay
from agentjob_runtime.model_proxy.server import Server
from agentjob_runtime.model_proxy.upstream import Timeouts, chat_url, open_session

LOG: Final = logging.getLogger(__name__)
LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """What the proxy runs with. `key` is kept out of its repr."""

    config: JobConfig
    usage: Path
    key: str | None = field(default=None, repr=False)
    port: int = PROXY_PORT
    timeouts: Timeouts = field(default_factory=Timeouts)


async def serve(settings: Settings, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
    """Serves on the pod's loopback until `stop`. Raises `LedgerError`, and `OSError` when the port is taken."""
    ledger = Ledger.load(settings.config, settings.usage)
    await ledger.save()
    model = settings.config.model

    def tell() -> None:
        jsonlog.event(LOG, logging.INFO, "ready", port=settings.port, model=model.name, endpoint=model.endpoint)
        if ready:
            ready.set()

    url = chat_url(model)
    async with open_session(settings.timeouts, url) as session:
        server = Server(model.name, ledger, Relay(session, url, settings.key, Redactor(settings.key)))
        try:
            await serve_app(server.app(), LOOPBACK, settings.port, stop, ready=tell, before_end=server.stop_calls)
        finally:
            await ledger.save()


async def serve_until_signal(settings: Settings) -> None:
    """`serve`, until SIGTERM or SIGINT."""
    await serve(settings, stop_on_signals())


def settings_of(paths: Paths, key: str | None) -> Settings:
    """The settings in a pod. Raises `ConfigError`."""
    config = read_job_config(paths.config)
    model = config.model
    if config.limits.cost_usd is not None and None in {model.input_per_million_tokens, model.output_per_million_tokens}:
        raise ConfigError("limits.costUSD needs both of the model's prices")
    # Keys in Secrets often end in a newline.
    key = (key or "").strip() or None
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigError("the model's key holds characters that an HTTP header cannot")
    return Settings(config, paths.proxy_usage, key)


def main() -> int:
    """The container's entry point."""
    jsonlog.configure()
    key = os.environ.pop(ENV_MODEL_API_KEY, None)
    try:
        settings = settings_of(Paths.from_env(), key)
        if settings.key and len(settings.key) < SHORTEST:
            jsonlog.event(LOG, logging.WARNING, f"a key of less than {SHORTEST} characters is not taken out of replies")
        asyncio.run(serve_until_signal(settings))
    except (ConfigError, LedgerError) as error:
        jsonlog.event(LOG, logging.ERROR, str(error))
        return ExitCode.CONFIG
    return ExitCode.SUCCESS
