"""When it is made: at the start, and when the operator's login does not find its bucket any more."""

import threading
from collections.abc import Callable
from typing import Final

import structlog
import urllib3
from minio.error import MinioAdminException, MinioException

from agentjob_operator.bundled_minio.setup import Setup

LOOK_SECONDS: Final = 5.0
"""How soon a loss is seen; far less than couriers and operator are patient."""
START_SECONDS: Final = 0.5
"""Until it was made for the first time, nobody can use the store."""
_FAILED: Final = (MinioException, MinioAdminException, urllib3.exceptions.HTTPError)

log = structlog.get_logger("bundled_minio")


def keep(setup: Setup, stop: threading.Event, made: Callable[[], None]) -> None:
    """Returns when `stop` is set; calls `made` each time that all was made."""
    ready, said = False, ""
    while not stop.is_set():
        try:
            if not ready or not setup.is_complete():
                setup.make()
                made()
                log.info("the store can be used" if not ready else "what was lost is made anew")
                ready = True
            said = ""
        except _FAILED as error:
            # MinIO is starting, or away: said once, not at every look.
            if str(error) != said:
                said = str(error)
                log.warning("not yet", error=said)
        stop.wait(LOOK_SECONDS if ready else START_SECONDS)
