"""`agentjob-runtime scripted-model [--host H] [--port P] [--scripts DIR] [--require-key-env NAME]`."""

import argparse
import asyncio
import logging
import os
from pathlib import Path
from typing import Final

from agentjob_api.pod import ExitCode

from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.serving import serve_app, stop_on_signals
from agentjob_runtime.scripted_model.library import SHIPPED, Library
from agentjob_runtime.scripted_model.server import ScriptedModel

LOG: Final = logging.getLogger(__name__)


def main() -> int:
    """Serves until SIGTERM."""
    options = _options()
    jsonlog.configure()
    key = None
    if options.require_key_env:
        key = os.environ.get(options.require_key_env, "")
        if not key:
            jsonlog.event(LOG, logging.ERROR, f"the variable {options.require_key_env} is empty")
            return ExitCode.CONFIG
    asyncio.run(_serve(ScriptedModel(Library(options.scripts), key), options.host, options.port))
    return ExitCode.SUCCESS


async def _serve(model: ScriptedModel, host: str, port: int) -> None:
    def tell() -> None:
        jsonlog.event(LOG, logging.INFO, "ready", port=port, models=model.library.names())

    await serve_app(model.app(), host, port, stop_on_signals(), ready=tell)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A model that says what a script tells it to.")
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all)")  # noqa: S104 - other pods call it
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--scripts", type=Path, default=SHIPPED, help="folder of NAME.yaml files")
    parser.add_argument("--require-key-env", metavar="NAME", help="take only callers with the key in this variable")
    return parser.parse_args()
