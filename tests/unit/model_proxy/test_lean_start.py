"""What the pod's servers do not load at their start, in processes of their own: here everything is loaded already."""

import os
import subprocess
import sys

import pytest

LOOK = """
import importlib, ssl, sys
importlib.import_module(sys.argv[1])
from aiohttp import connector
own = [each for each in vars(connector).values() if isinstance(each, ssl.SSLContext)]
print([each.cert_store_stats()["x509_ca"] for each in own], ssl.create_default_context().cert_store_stats()["x509_ca"] > 0)
"""


def _python(*words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.parametrize("role", ["model_proxy", "desktop", "scripted_model"])
def test_authorities_are_not_loaded_for_contexts_that_nobody_uses(role: str) -> None:
    """Of aiohttp's two; whoever makes one for a request still gets the system's."""
    assert _python(LOOK, f"agentjob_runtime.{role}.main") == "[0, 0] True\n"


@pytest.mark.parametrize("role", ["prepare", "model_proxy", "courier"])
def test_the_trusted_containers_start_without_pydantic(role: str) -> None:
    """It was half of their start, and two of them are on the way to the agent's first step: their messages are `Wire`."""
    look = "import importlib, sys; importlib.import_module(sys.argv[1]); print('pydantic' in sys.modules)"
    assert _python(look, f"agentjob_runtime.{role}.main") == "False\n"
