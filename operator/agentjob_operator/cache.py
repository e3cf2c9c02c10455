"""What the operator knows of the cluster: unfinished AgentJobs and their Jobs and Pods. Memory only, one event loop, no I/O.

Written by the handlers (watch), by reconcile (what its own writes returned) and by squaring (a whole LIST). An object is never
replaced by an older version of itself, so the three may come in any order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from agentjob_operator.objects import AgentJob, Job, Key, Pod

Versioned = TypeVar("Versioned", AgentJob, Job, Pod)


class Cache:
    """Jobs and Pods are held only while their AgentJob is: those of finished AgentJobs would pile up until their TTL."""

    def __init__(self) -> None:
        self._agentjobs: dict[Key, AgentJob] = {}
        self._jobs: dict[Key, dict[str, Job]] = {}
        self._pods: dict[Key, dict[str, Pod]] = {}
        self._suspects: set[Key] = set()
        self._ended: dict[Key, str] = {}
        self._ended_before: dict[Key, str] = {}

    def __len__(self) -> int:
        return len(self._agentjobs)

    def __iter__(self) -> Iterator[Key]:
        return iter(tuple(self._agentjobs))

    def namespaces(self) -> set[str]:
        """Those with unfinished AgentJobs."""
        return {key.namespace for key in self._agentjobs}

    def agentjob(self, key: Key) -> AgentJob | None:
        return self._agentjobs.get(key)

    def jobs(self, key: Key) -> Iterable[Job]:
        return self._jobs.get(key, {}).values()

    def job(self, key: Key, name: str) -> Job | None:
        return self._jobs.get(key, {}).get(name)

    def pods(self, key: Key, job_uid: str) -> list[Pod]:
        """The pods that a Job made, the youngest last."""
        return sorted(
            (p for p in self._pods.get(key, {}).values() if p.job_uid == job_uid), key=lambda pod: pod.created
        )

    def all_pods(self, key: Key) -> Iterable[Pod]:
        return self._pods.get(key, {}).values()

    def put_agentjob(self, agentjob: AgentJob) -> bool:
        """False when nothing is to be done for it: it is finished (and forgotten) or not newer than what is known."""
        known = self._agentjobs.get(agentjob.key)
        if not _newer(agentjob, known) or self._has_ended(agentjob.key, agentjob.uid):
            return False
        if known is not None and known.uid != agentjob.uid:
            self.forget(agentjob.key)
        if agentjob.finished:
            self.forget(agentjob.key)
            # Events from before its end may still come; the last one is DELETED, as it leaves the field selector.
            self._ended[agentjob.key] = agentjob.uid
            return False
        self._suspects.discard(agentjob.key)
        self._agentjobs[agentjob.key] = agentjob
        return True

    def put_job(self, job: Job) -> bool:
        """False when its AgentJob is unknown, or there is no news of it: who makes it need not be told."""
        known = self.job(job.key, job.name)
        if job.key not in self._agentjobs or not _newer(job, known):
            return False
        self._jobs.setdefault(job.key, {})[job.name] = job
        return self._is_news(job, known)

    def put_pod(self, pod: Pod) -> bool:
        """As `put_job`; what merely goes its ordinary way is kept and no news."""
        known = self._pods.get(pod.key, {}).get(pod.name)
        if pod.key not in self._agentjobs or not _newer(pod, known):
            return False
        self._pods.setdefault(pod.key, {})[pod.name] = pod
        return self._is_news(pod, known)

    def _is_news(self, found: Job | Pod, known: Job | Pod | None) -> bool:
        if known is not None and known.uid == found.uid:
            return known.news() != found.news()
        # What status tells may be over now that it is there.
        return any(found.news()) or "reason" in self._agentjobs[found.key].status

    def drop_job(self, key: Key, name: str, uid: str) -> bool:
        """False when it was not known (any more)."""
        known = self.job(key, name)
        if known is None or known.uid != uid:
            return False
        del self._jobs[key][name]
        return True

    def lose_pod(self, pod: Pod) -> bool:
        """Keeps its last state, marked as gone: it may hold the report. False when it was not known."""
        known = self._pods.get(pod.key, {}).get(pod.name)
        if known is None or known.uid != pod.uid:
            return False
        last = pod if _newer(pod, known) else known
        self._pods[pod.key][pod.name] = replace(last, gone=True)
        return True

    def suspect(self, key: Key, uid: str) -> bool:
        """It may have been deleted, or have left the selector: reconcile must GET it. False when it was not known."""
        if self._ended.get(key) == uid:
            del self._ended[key]
            return False
        known = self._agentjobs.get(key)
        if known is None or known.uid != uid:
            return False
        self._suspects.add(key)
        return True

    def is_suspect(self, key: Key) -> bool:
        return key in self._suspects

    def trust(self, key: Key) -> None:
        """A GET has answered what `suspect` asked."""
        self._suspects.discard(key)

    def age(self) -> None:
        """At every squaring: what ended before the last one is old enough that no event from before its end can still come."""
        self._ended_before, self._ended = self._ended, {}

    def _has_ended(self, key: Key, uid: str) -> bool:
        return uid in (self._ended.get(key), self._ended_before.get(key))

    def forget(self, key: Key) -> None:
        """The AgentJob and all that belongs to it."""
        self._agentjobs.pop(key, None)
        self._jobs.pop(key, None)
        self._pods.pop(key, None)
        self._suspects.discard(key)


def _newer(candidate: Versioned, known: Versioned | None) -> bool:
    # Comparable since Kubernetes 1.35 (KEP-5504), and in fact always with etcd; another uid is another object.
    if known is None or known.uid != candidate.uid:
        return True
    old, new = known.resource_version, candidate.resource_version
    if old.isdecimal() and new.isdecimal():
        return int(new) > int(old)
    return new != old
