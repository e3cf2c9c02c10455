"""What a process has used, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """CPU seconds so far, and the highest resident size in bytes."""

    cpu_seconds: float
    peak_bytes: int


def usage(pid: int) -> Usage:
    """Of one process. Raises `OSError` when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS, int(peak.split()[1]) * 1024)


def machine_cpu() -> tuple[float, float]:
    """CPU seconds of the whole machine since its start: used by anybody, and stolen by the hypervisor."""
    user, nice, system, _idle, _iowait, irq, soft, steal = (
        int(each) / _TICKS for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    )
    return user + nice + system + irq + soft, steal
