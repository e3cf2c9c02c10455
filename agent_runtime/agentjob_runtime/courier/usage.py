"""Stores what the proxy counted while the agent works: a pod that ends without a report must not have spent nothing."""

import logging
import threading
import time
from typing import Final

from agentjob_api.grant import ObjectName
from agentjob_api.report import ProxyUsage

from agentjob_runtime.common.paths import Paths
from agentjob_runtime.courier.outcome import current_usage
from agentjob_runtime.upload.errors import UploadError
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.uploader import Patience, Uploader

_log = logging.getLogger(__name__)
USAGE_SECONDS: Final = 5.0
"""Between two uploads; a change after a longer pause is stored at once."""
_PATIENCE: Final = Patience(seconds=10, longest_delay=2, silence=10)
_PAUSE: Final = 30.0
"""After an upload that failed."""
_ROUNDS: Final = 40
"""How often one count is given a whole round of tries; a new count gets its own."""
_POLL: Final = 0.5


class UsageStream:
    """A thread that follows the proxy's count. Nothing in it can delay or break the end of the courier."""

    def __init__(self, paths: Paths, uploader: Uploader) -> None:
        self._paths, self._uploader = paths, uploader
        self._stored = ProxyUsage()
        self._wanted = ProxyUsage()
        self._rounds = 0
        self._next = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def close(self) -> None:
        """The agent is dead: the last count is stored beside whatever comes next, once."""
        self._ending.set()

    def _run(self) -> None:
        while not self._ending.wait(_POLL):
            if time.monotonic() >= self._next:
                self._follow()
        self._follow()

    def _follow(self) -> None:
        usage = current_usage(self._paths)
        if usage is None or usage == self._stored:
            return
        if usage != self._wanted:
            self._wanted, self._rounds = usage, 0
        if self._rounds < _ROUNDS:
            self._ship(usage)

    def _ship(self, usage: ProxyUsage) -> None:
        try:
            payload = Payload.of(usage.to_json().encode())
            self._uploader.put(ObjectName.USAGE, payload, _PATIENCE)
        except UploadError as error:
            self._rounds += 1
            self._next = time.monotonic() + _PAUSE
            _log.warning("the usage is not stored (round %d of %d): %s", self._rounds, _ROUNDS, error)
        else:
            self._stored = usage
            self._next = time.monotonic() + USAGE_SECONDS
