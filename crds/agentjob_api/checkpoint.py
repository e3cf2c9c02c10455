"""Checkpoints: what lies in `checkpoint.tar.zst`, and how agent and courier agree on the moment to take one.

```
workspace/…                 everything in /workspace, or that without `archive.exclude`'s when it would be too large
session/session.jsonl       the conversation
session/outputs/…           full outputs of commands, which the conversation names
```

While the agent works: at a step boundary it writes `Request` to `pod.CHECKPOINT_REQUEST` and waits, for `WAIT_SECONDS` at most. The courier
packs and writes `Answer` to `pod.CHECKPOINT_ANSWER`; the agent goes on while the courier uploads. An agent that goes on earlier removes
its request: what was packed meanwhile is thrown away. Both files lie where the agent can write: it can spoil its own checkpoints only.
"""

from enum import StrEnum
from typing import Final

from agentjob_api.wire import Wire

WORKSPACE: Final = "workspace"
SESSION: Final = "session"
"""The two folders in the tar, and nothing else."""

PACK_SECONDS: Final = 120
"""How long the courier may pack while the agent waits."""
WAIT_SECONDS: Final = PACK_SECONDS + 10
"""How long the agent waits for the courier."""


class Request(Wire, frozen=True, kw_only=True):
    """The agent waits at a step boundary."""

    number: int
    """Another one for each request of a pod."""


class Result(StrEnum):
    """What became of a request."""

    PACKED = "Packed"
    """The workspace may change again; the upload goes on."""
    BUSY = "Busy"
    """The checkpoint before is still being uploaded."""
    TOO_SOON = "TooSoon"
    """Less than half of `checkpointSeconds` after the one before."""
    FAILED = "Failed"
    """It cannot be packed: too large, too slow, or not to be read; the courier's log says why."""


class Answer(Wire, frozen=True, kw_only=True):
    """The agent may go on."""

    number: int
    """That of the request."""
    result: Result
