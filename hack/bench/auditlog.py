"""Requests counted in the API server's audit log, exactly, by user. Pure but for reading the file."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from bench.percentiles import milliseconds

WRITES: Final = ("create", "update", "patch", "delete", "deletecollection")


class AuditLog:
    """Reads on from where the last call ended."""

    def __init__(self, path: Path, user: str) -> None:
        self._path, self._user, self._offset = path, user.encode(), 0

    def skip(self) -> None:
        """What was logged until now does not count."""
        self._offset = self._path.stat().st_size

    def requests(self) -> list[dict[str, object]]:
        """The user's since the last call: `verb`, `resource`, `namespace`, `name`, `code`, `seconds`."""
        with self._path.open("rb") as log:
            log.seek(self._offset)
            data = log.read()
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        return [_request(orjson.loads(line)) for line in data[:whole].splitlines() if self._user in line]


def _request(entry: dict[str, object]) -> dict[str, object]:
    target, status = entry.get("objectRef"), entry.get("responseStatus")
    reference = target if isinstance(target, dict) else {}
    resource = "/".join(part for part in (reference.get("resource"), reference.get("subresource")) if part)
    return {
        "verb": entry["verb"],
        "resource": resource,
        "namespace": reference.get("namespace", ""),
        "name": reference.get("name", ""),
        "code": status.get("code", 0) if isinstance(status, dict) else 0,
        "seconds": (_moment(entry["stageTimestamp"]) - _moment(entry["requestReceivedTimestamp"])).total_seconds(),
    }


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text))


def answers(requests: list[dict[str, object]]) -> dict[str, dict[str, float]]:
    """How long the API server itself took for each kind of write: `{"create jobs": {"p50": …}}`, milliseconds."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for one in requests:
        if one["verb"] in WRITES:
            seconds[_what(one)].append(float(str(one["seconds"])))
    return {what: milliseconds(found) for what, found in sorted(seconds.items())}


def by_verb_and_resource(requests: list[dict[str, object]]) -> dict[str, int]:
    """`{"create jobs": 1000, …}`."""
    return dict(sorted(Counter(map(_what, requests)).items()))


def _what(request: dict[str, object]) -> str:
    return f"{request['verb']} {request['resource']}"


def writes(requests: list[dict[str, object]]) -> int:
    """How many of them write."""
    return sum(one["verb"] in WRITES for one in requests)


def errors(requests: list[dict[str, object]]) -> dict[str, int]:
    """Those that were refused, by code."""
    codes = (one["code"] for one in requests)
    return dict(Counter(str(code) for code in codes if isinstance(code, int) and code >= 400))
