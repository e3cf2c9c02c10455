"""What else ran on the machine while a scene was measured: without it a figure cannot be judged."""

from __future__ import annotations

import os
import resource
import time
from datetime import UTC, datetime
from typing import Any

from bench.procfs import machine_cpu


class Surroundings:
    """From its making to `read`. What the scene starts must have ended by then."""

    def __init__(self) -> None:
        self._begun, self._load, self._own = time.monotonic(), os.getloadavg()[0], _own_cpu()
        self._busy, self._stolen = machine_cpu()
        self._date = datetime.now(UTC)

    def read(self) -> dict[str, Any]:
        """Date, seconds, and how many processors others used on average: programs beside us, and other virtual machines."""
        seconds = time.monotonic() - self._begun
        busy, stolen = machine_cpu()
        foreign = max(0.0, busy - self._busy - (_own_cpu() - self._own))
        return {
            "date": self._date.strftime("%Y-%m-%d %H:%M UTC"),
            "seconds": round(seconds, 1),
            "loadAverageBefore": round(self._load, 2),
            "processorsUsedByOthers": round(foreign / seconds, 2),
            "processorsStolen": round((stolen - self._stolen) / seconds, 2),
        }


def _own_cpu() -> float:
    """Seconds of the harness and of what it started and waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
