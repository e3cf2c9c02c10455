"""The agent's side: stands still at a step boundary while the courier packs."""

import time
from pathlib import Path
from typing import Final

from agentjob_api.checkpoint import WAIT_SECONDS, Answer, Request, Result
from agentjob_api.wire import WireError

from agentjob_runtime.agent.log import log
from agentjob_runtime.common.atomic import write_atomically
from agentjob_runtime.common.files import read_regular
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.stop import Stop

_POLL: Final = 0.02
_ANSWER_MAX: Final = 1000


class CheckpointAsker:
    """Asks when `seconds` have passed since the last time; never with None."""

    def __init__(self, seconds: int | None, paths: Paths, stop: Stop, wait_seconds: float = WAIT_SECONDS) -> None:
        self._seconds, self._stop, self._wait_seconds = seconds, stop, wait_seconds
        self._request, self._answer = paths.checkpoint_request, paths.checkpoint_answer
        self._last = time.monotonic()
        self._number = 0

    def at_boundary(self) -> None:
        """To be called when the conversation is on disk and nothing runs. Raises `RunEnded` when the run must end meanwhile."""
        if self._seconds is None or time.monotonic() - self._last < self._seconds:
            return
        self._number += 1
        try:
            write_atomically(self._request, Request(number=self._number).to_json().encode())
            result = self._wait()
            self._request.unlink(missing_ok=True)
        except OSError as error:  # the agent's shell may have put anything in its place
            result = str(error)
        if result != Result.PACKED:
            log(f"no checkpoint: {result}")
        self._last = time.monotonic()

    def _wait(self) -> str:
        until = time.monotonic() + self._wait_seconds
        while time.monotonic() < until:
            answer = _read(self._answer)
            if answer is not None and answer.number == self._number:
                return str(answer.result)
            self._stop.wait(_POLL)
        return f"the courier did not answer within {self._wait_seconds:g} s"


def _read(path: Path) -> Answer | None:
    """None while there is none that can be read."""
    try:
        return Answer.from_json(read_regular(path, _ANSWER_MAX))
    except (FileNotFoundError, WireError):
        return None
