"""Counts what was written to the API, from the API server's audit log (`AGENTJOB_CLUSTER_AUDIT=1 make cluster-up`)."""

import json
from collections import Counter
from pathlib import Path

from cluster import paths

AUDIT_LOG = paths.CLUSTER_FOLDER / "audit.log"
_WRITES = frozenset({"create", "update", "patch", "delete"})


def position() -> int:
    """Where the log ends now, in bytes; 0 when there is none."""
    return AUDIT_LOG.stat().st_size if AUDIT_LOG.exists() else 0


def writes_by(user: str, since: int, namespace: str, log: Path = AUDIT_LOG) -> Counter[str]:
    """Successful writes of `user` in a namespace, by `verb resource`."""
    counts: Counter[str] = Counter()
    with log.open("rb") as lines:
        lines.seek(since)
        for line in lines:
            entry = json.loads(line)
            target = entry.get("objectRef", {})
            if (
                entry["verb"] not in _WRITES
                or entry["user"]["username"] != user
                or target.get("namespace") != namespace
            ):
                continue
            if entry["responseStatus"]["code"] < 400:
                counts[
                    "/".join(filter(None, [f"{entry['verb']} {target['resource']}", target.get("subresource")]))
                ] += 1
    return counts
