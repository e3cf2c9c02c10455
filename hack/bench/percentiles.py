"""Percentiles by nearest rank: each is a value that was measured. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of 100 do not exceed. Raises `ValueError` without values."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the largest, in milliseconds, of seconds."""
    chosen = {"p50": percentile(values, 50), "p99": percentile(values, 99), "max": max(values)}
    return {name: round(1000 * value, 1) for name, value in chosen.items()} | {"count": len(values)}
