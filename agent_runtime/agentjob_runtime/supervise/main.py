"""`supervise ROLE LINGER_SECONDS`: runs ROLE until LINGER_SECONDS after the courier's end, or until SIGTERM.

Its exit code is 0 whatever became of ROLE: a desktop must not make a pod fail whose agent did its task. It imports little, as it
stays in memory beside what it runs.
"""

import logging
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

from agentjob_api import pod
from agentjob_api.pod import Container, ExitCode

from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.courier_life import watch
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.supervise.child import Child

_log = logging.getLogger(__name__)
ROLES: Final = (Container.DESKTOP, Container.NOTEBOOK)
MARKER: Final = ".agentjob-ended"
"""In the home, which outlives the container: one that was killed and started again does not linger anew."""


def main() -> int:
    """The entry point of the containers `desktop` and `notebook`."""
    jsonlog.configure()
    if len(sys.argv) != 3 or sys.argv[1] not in ROLES or not sys.argv[2].isdecimal():
        _log.error("usage: supervise {%s} LINGER_SECONDS", "|".join(ROLES))
        return ExitCode.CONFIG
    child = Child(command_of(sys.argv[1]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: child.stop())
    paths = Paths.from_env()
    watch(paths.courier_life, lambda: _linger(float(sys.argv[2]), child, paths.home / MARKER))
    child.run()
    return ExitCode.SUCCESS


def command_of(role: str) -> list[str]:
    """This interpreter with the same options, so that what isolates this process isolates that one."""
    return [*sys.orig_argv[: sys.orig_argv.index(pod.ROLE_SUPERVISE)], role]


def left_of(seconds: float, marker: Path) -> float:
    """How much of `seconds` is left since `marker` was made, which is now unless an earlier life of this container made it."""
    try:
        if not marker.exists():
            marker.touch()
        return max(0.0, seconds - max(0.0, time.time() - marker.stat().st_mtime))
    except OSError as error:
        _log.warning("cannot note when the courier ended (%s)", error)
        return seconds


def _linger(seconds: float, child: Child, marker: Path) -> None:
    left = left_of(seconds, marker)
    _log.info("the courier has ended; staying for %.0f s", left)
    timer = threading.Timer(left, child.stop)
    timer.daemon = True
    timer.start()
