"""What the agent does not import at its start, in a process of its own: here everything is imported already."""

import os
import subprocess
import sys

LOOK = """
import sys
from agentjob_runtime.agent import lean_imports
lean_imports.install()
import openai
client = openai.OpenAI(base_url="http://127.0.0.1:1/v1", api_key="x", max_retries=0)
try:
    client.chat.completions.create(model="m", messages=[], stream=True)
except openai.APIConnectionError:
    print(sum(name.startswith("openai.types.") for name in sys.modules))
"""
NAMES = (
    "from openai.types import Batch; import openai.types.responses as all; print(Batch.__name__, all.Response.__name__)"
)
MANY_MODULES = 200
"""Of the 470 types of the client a call of Chat Completions needs about a hundred."""


def _printed(code: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split()


def test_a_call_of_the_model_does_not_import_the_types_of_other_apis() -> None:
    """A new version of the client that asks for them at once makes each agent start later; that should be seen."""
    (imported,) = _printed(LOOK)
    assert 0 < int(imported) < MANY_MODULES


def test_what_is_asked_for_is_there_all_the_same() -> None:
    """The client's own code may take any name from a package that was left for later."""
    assert _printed(LOOK + NAMES)[1:] == ["Batch", "Response"]
