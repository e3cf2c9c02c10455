"""What a Lease says, and whether it may be taken. Pure: times are seconds of the asker's own monotonic clock, never those in the Lease.

https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

MAX_SECONDS: Final = 300
"""What settings allow: a Lease that somebody wrote by hand keeps nobody waiting for longer."""

Json = Mapping[str, Any]


def holder_of(lease: Json) -> str:
    """Identity; empty when nobody holds it."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def held_by(
    identity: str, lease: Json | None, *, seconds: int, now: datetime, namespace: str, name: str
) -> dict[str, Any]:
    """`lease`, or a new one, as it is written when `identity` takes or renews it. `now` is aware and UTC, for people to read."""
    spec = dict((lease or {}).get("spec") or {})
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if lease is None or holder_of(lease) != identity:
        before = spec.get("leaseTransitions") or 0
        spec |= {"acquireTime": stamp, "leaseTransitions": before + (lease is not None)}
    spec |= {"holderIdentity": identity, "leaseDurationSeconds": seconds, "renewTime": stamp}
    meta = {"name": name, "namespace": namespace} if lease is None else lease["metadata"]
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}


class Sight:
    """What one that stands by has seen of the Lease: it has run out when it was seen unchanged for as long as it says."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._version, self._ends = "", 0.0
        self._seen = False

    def free(self, lease: Json | None, now: float) -> bool:
        """Whether it may be taken. One that has vanished is its holder's until it would have run out: the holder makes it anew."""
        if lease is None:
            return not self._seen or now >= self._ends
        if holder_of(lease) in ("", self._identity):
            return True
        version = lease["metadata"]["resourceVersion"]
        if not self._seen or version != self._version:
            self._seen, self._version, self._ends = True, version, now + _seconds(lease)
        return now >= self._ends

    def pause(self, now: float, retry_seconds: float) -> float:
        """Until it is worth looking again: not later than when it runs out."""
        left = self._ends - now
        return min(retry_seconds, left) if self._seen and left > 0 else retry_seconds


def _seconds(lease: Json) -> float:
    told = (lease.get("spec") or {}).get("leaseDurationSeconds")
    return float(min(told or MAX_SECONDS, MAX_SECONDS))
