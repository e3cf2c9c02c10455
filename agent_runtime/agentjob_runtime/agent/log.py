"""What the entry point says that is no event: on stderr, beside the events on stdout."""

import sys

from agentjob_runtime.common.clock import rfc3339


def log(text: str) -> None:
    """One line."""
    print(f"{rfc3339()} agent: {text}", file=sys.stderr, flush=True)
