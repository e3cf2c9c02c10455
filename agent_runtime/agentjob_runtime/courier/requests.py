"""Takes checkpoints while the agent works: a thread that answers its requests, and one that uploads."""

import logging
import threading
import time
from typing import Final

from agentjob_api.checkpoint import PACK_SECONDS, Answer, Request, Result
from agentjob_api.wire import WireError

from agentjob_runtime.common.atomic import write_atomically
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.courier.checkpoints import FAILURES, Checkpoints
from agentjob_runtime.courier.untrusted import UntrustedError, read_bounded

_log = logging.getLogger(__name__)
_POLL: Final = 0.1
_REQUEST_MAX: Final = 200
CLOSE_SECONDS: Final = 60.0
"""How long a checkpoint that was begun may still take when the agent has crashed: the next attempt goes on from it."""


class CheckpointRequests:
    """At most one checkpoint at a time, and not more often than every `seconds` / 2, whatever the agent asks for; none at all with None."""

    def __init__(self, paths: Paths, checkpoints: Checkpoints, seconds: int | None) -> None:
        self._paths, self._checkpoints = paths, checkpoints
        self._wanted, self._pause = seconds is not None, (seconds or 0) / 2
        self._answered = 0
        self._last = float("-inf")
        self._refused = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._upload: threading.Thread | None = None

    def start(self) -> None:
        """Begins to look for requests."""
        if self._wanted:
            self._thread.start()

    def close(self, *, needed: bool) -> None:
        """The agent is dead: what was begun is brought to its end if it is `needed`, and given up otherwise."""
        self._ending.set()
        self._checkpoints.close(CLOSE_SECONDS if needed else 0.0)
        for thread in (self._thread, self._upload):
            if thread is not None and thread.is_alive():
                thread.join(CLOSE_SECONDS + 5 if needed else 5)

    def _run(self) -> None:
        while not self._ending.wait(_POLL):
            number = self._requested()
            if number is not None and number != self._answered:
                self._answered = number
                self._tell(number, self._take(number))

    def _take(self, number: int) -> Result:
        if self._upload is not None and self._upload.is_alive():
            return Result.BUSY
        if time.monotonic() - self._last < self._pause:
            self._refused += 1
            return Result.TOO_SOON
        if self._refused:
            _log.warning("%d requests for checkpoints came too soon", self._refused)
            self._refused = 0
        self._last = time.monotonic()
        try:
            packed = self._checkpoints.pack(PACK_SECONDS)
        except FAILURES as error:
            _log.error("no checkpoint: %s", error)
            return Result.FAILED
        if self._requested() != number:
            _log.warning("the agent went on while the checkpoint was packed: it is thrown away")
            packed.path.unlink()
            return Result.FAILED
        self._upload = threading.Thread(target=self._checkpoints.store, args=(packed,), name="checkpoint", daemon=True)
        self._upload.start()
        return Result.PACKED

    def _requested(self) -> int | None:
        try:
            data = read_bounded(self._paths.checkpoint_request, _REQUEST_MAX)
            return Request.from_json(data).number
        except (OSError, UntrustedError, WireError):  # none, or rubbish of the agent's own: ten times a second
            return None

    def _tell(self, number: int, result: Result) -> None:
        try:
            answer = Answer(number=number, result=result)
            write_atomically(self._paths.checkpoint_answer, answer.to_json().encode())
        except OSError as error:
            _log.warning("the agent cannot be answered: %s", error)
