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


@pytest.mark.parametrize("role", ["model_proxy", "desktop", "scripted_model"])
def test_authorities_are_not_loaded_for_contexts_that_nobody_uses(role: str) -> None:
    """Of aiohttp's two; whoever makes one for a request still gets the system's."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, f"agentjob_runtime.{role}.main"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout == "[0, 0] True\n"
