"""`supervise ROLE LINGER_SECONDS`: runs ROLE until LINGER_SECONDS after the courier's end, or until SIGTERM.

Its exit code is 0 whatever became of ROLE: a desktop must not make a pod fail whose agent did its task. It imports little, as it
stays in memory beside what it runs.
"""

import logging
import signal
import sys
import threading
from typing import Final

from agentjob_api import pod
from agentjob_api.pod import Container, ExitCode

from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.courier_life import watch
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.supervise.child import Child

_log = logging.getLogger(__name__)
ROLES: Final = (Container.DESKTOP, Container.NOTEBOOK)


def main() -> int:
    """The entry point of the containers `desktop` and `notebook`."""
    jsonlog.configure()
    if len(sys.argv) != 3 or sys.argv[1] not in ROLES or not sys.argv[2].isdecimal():
        _log.error("usage: supervise {%s} LINGER_SECONDS", "|".join(ROLES))
        return ExitCode.CONFIG
    child = Child(command_of(sys.argv[1]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: child.stop())
    watch(Paths.from_env().courier_life, lambda: _linger(float(sys.argv[2]), child))
    child.run()
    return ExitCode.SUCCESS


def command_of(role: str) -> list[str]:
    """This interpreter with the same options, so that what isolates this process isolates that one."""
    return [*sys.orig_argv[: sys.orig_argv.index(pod.ROLE_SUPERVISE)], role]


def _linger(seconds: float, child: Child) -> None:
    _log.info("the courier has ended; staying for %.0f s", seconds)
    timer = threading.Timer(seconds, child.stop)
    timer.daemon = True
    timer.start()
