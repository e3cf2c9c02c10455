"""What was measured, beside its budget. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Final

LATER_SECONDS: Final = 1.5
"""How much later the first event may come with both than with none."""
MEGABYTES: Final = {"desktop": 200, "notebook": 150}
"""While nobody looks."""


def medians(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """By kind."""
    return {kind: statistics.median(values) for kind, values in seconds.items()}


def lines(seconds: Mapping[str, Sequence[float]], memory: Mapping[str, float]) -> list[str]:
    """For people."""
    middle = medians(seconds)
    told = [
        f"{kind:10} {middle[kind]:6.2f} s to the first event, {middle[kind] - middle['none']:+.2f} s   {rounded(values)}"
        for kind, values in seconds.items()
    ]
    told.append(f"budget: both at most {LATER_SECONDS:+.1f} s")
    told += [
        f"{container:10} {used:6.0f} MB idle (budget {MEGABYTES[container]} MB)" for container, used in memory.items()
    ]
    return told


def over(seconds: Mapping[str, Sequence[float]], memory: Mapping[str, float]) -> list[str]:
    """What is over its budget."""
    middle = medians(seconds)
    slow = ["time to the first event"] if middle["both"] - middle["none"] > LATER_SECONDS else []
    return slow + [f"memory of {container}" for container, used in memory.items() if used > MEGABYTES[container]]


def rounded(values: Sequence[float]) -> str:
    """The single runs, sorted."""
    return " ".join(f"{value:.2f}" for value in sorted(values))
