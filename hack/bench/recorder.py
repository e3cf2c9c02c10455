"""When the harness first saw what: from its own watches, on its own clock."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from agentjob_api import names

from bench.client import Client, Refused
from bench.errors import BenchError

TERMINAL: Final = ("Succeeded", "Failed", "Cancelled")
Sight = Callable[[dict[str, Any]], None]
Watched = tuple[str, dict[str, str], bool, Sight]
"""Path, parameters, metadata only, who is told."""


class Recorder:
    """Names of AgentJobs (or plain Jobs) to `{what: seconds of time.monotonic}`."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, float]] = defaultdict(dict)
        self.phases: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()

    def note(self, name: str, what: str) -> None:
        """Only the first time counts."""
        times = self.seen[name]
        if what not in times:
            times[what] = time.monotonic()
            self._counts[what] += 1

    def last(self, what: str) -> float:
        """When the last one was seen."""
        return max(times[what] for times in self.seen.values() if what in times)

    def spans(self, start: str, end: str, prefix: str) -> list[float]:
        """Seconds between two sightings, of those whose name begins so."""
        return [
            times[end] - times[start]
            for name, times in self.seen.items()
            if name.startswith(prefix) and start in times and end in times
        ]

    async def until(self, what: str, count: int, seconds: float) -> None:
        """Until so many were seen. Raises `BenchError` after `seconds`."""
        deadline = time.monotonic() + seconds
        while self._counts[what] < count:
            if time.monotonic() > deadline:
                raise BenchError(f"{what}: {self._counts[what]} of {count} after {seconds:.0f} s")
            await asyncio.sleep(0.01)

    def agentjob(self, raw: dict[str, Any]) -> None:
        name, phase = raw["metadata"]["name"], raw.get("status", {}).get("phase")
        self.note(name, "agentjob")
        if phase in TERMINAL and "terminal" not in self.seen[name]:
            self.note(name, "terminal")
            self.phases[phase] += 1

    def child_job(self, raw: dict[str, Any]) -> None:
        self.note(raw["metadata"]["annotations"][names.ANNOTATION_NAME], "job")

    def ended_pod(self, raw: dict[str, Any]) -> None:
        meta = raw["metadata"]
        name = meta.get("annotations", {}).get(names.ANNOTATION_NAME) or meta["labels"]["job-name"]
        self.note(name, "pod ended")

    def plain_job(self, raw: dict[str, Any]) -> None:
        name = raw["metadata"]["name"]
        self.note(name, "job")
        conditions = raw.get("status", {}).get("conditions") or ()
        if any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in conditions):
            self.note(name, "terminal")


@asynccontextmanager
async def watching(api: Client, *watches: Watched) -> AsyncIterator[None]:
    """Streams for the time of the block. A watch that fails ends the block. Raises `BenchError`, also for what the block raises."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_watch(api, *watch)) for watch in watches]
            await asyncio.sleep(0.3)
            yield
            for task in tasks:
                task.cancel()
    except* (BenchError, Refused, aiohttp.ClientError) as errors:
        raise BenchError("; ".join(map(str, errors.exceptions))) from errors


async def _watch(api: Client, path: str, params: dict[str, str], metadata_only: bool, sight: Sight) -> None:
    async for event in api.watch(path, params, metadata_only=metadata_only):
        if event["type"] == "ERROR":
            raise BenchError(f"WATCH {path}: {event['object']}")
        if event["type"] != "DELETED":
            sight(event["object"])
