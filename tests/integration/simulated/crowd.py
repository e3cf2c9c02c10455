"""Many AgentJobs in one namespace, whose pods are simulated and whose archives are really in the store."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from agentjob_api import names
from apiserver.client import AGENTJOBS, agentjob
from bench.archived import ARCHIVE
from bench.auditlog import AuditLog
from bench.client import MERGE_PATCH, Client, cluster_of
from integration.simulated.plane import END, Json, Plane
from support.minio import BUCKET
from support.patience import until

AT_ONCE = 16
METADATA_ONLY = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
END_SECONDS = 300.0
JOBS = "/apis/batch/v1/namespaces/{}/jobs"
PODS = "/api/v1/namespaces/{}/pods"
WRITES = ("create", "update", "patch", "delete", "deletecollection")


@dataclass
class Crowd:
    """`names` are those that were created."""

    plane: Plane
    namespace: str
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._audit = AuditLog(self.plane.audit_log, self.plane.user)
        self._audit.skip()
        self._store = self.plane.store.client()

    def add(self, count: int, attempts: int = 1, **spec: object) -> None:
        """Creates so many more at once, and the archives that their pods will report."""
        new = [f"job-{number}" for number in range(len(self.names), len(self.names) + count)]
        self.names += new
        self._at_once(lambda api, name: self._add(api, name, attempts, spec), new)

    def end(self, count: int) -> None:
        """Tells so many pods, of those that were not told before, to end."""
        waiting = self._running_pods()
        assert len(waiting) >= count, f"{len(waiting)} pods run"
        self._at_once(self._end, waiting[:count])

    def end_all(self) -> None:
        """And those that have still to come."""
        deadline = time.monotonic() + END_SECONDS
        while left := self.metadata(AGENTJOBS, fieldSelector="status.phase!=Succeeded"):
            assert time.monotonic() < deadline, f"{len(left)} of {len(self.names)} have not ended: {self._told(left)}"
            self._at_once(self._end, self._running_pods())
            time.sleep(0.5)

    def _told(self, some: list[Json]) -> list[object]:
        names_ = {one["name"] for one in some[:5]}
        found = [one for one in self.items(AGENTJOBS) if one["metadata"]["name"] in names_]
        return [(one["metadata"]["name"], one.get("status", {}).get("message")) for one in found]

    def _running_pods(self) -> list[str]:
        """Those that nobody has told to end."""
        pods = self.metadata(PODS, fieldSelector="status.phase=Running")
        return [one["name"] for one in pods if END not in one.get("annotations", {})]

    async def _add(self, api: Client, name: str, attempts: int, spec: Mapping[str, object]) -> None:
        made = await api.request("POST", AGENTJOBS.format(self.namespace), agentjob(name, **spec))
        for attempt in range(1, attempts + 1):
            key = f"{self.namespace}/{name}/{made['metadata']['uid']}/{attempt}/workspace.zip"
            async with api.session.put(self._store.presigned_put_object(BUCKET, key), data=ARCHIVE) as answer:
                answer.raise_for_status()

    async def _end(self, api: Client, pod: str) -> None:
        patch = {"metadata": {"annotations": {END: "now"}}}
        await api.request("PATCH", f"{PODS.format(self.namespace)}/{pod}", patch, MERGE_PATCH)

    def _at_once(self, do: Callable[[Client, str], Awaitable[None]], names_: list[str]) -> None:
        async def run() -> None:
            cluster, free = self.plane.cluster, asyncio.Semaphore(AT_ONCE)

            async def one(api: Client, name: str) -> None:
                async with free:
                    await do(api, name)

            async with Client(cluster_of(cluster.kubeconfig)) as api:
                await asyncio.gather(*(one(api, name) for name in names_))

        asyncio.run(run())

    def items(self, path: str, **query: str) -> list[Json]:
        """Of a collection in the namespace, `/api/v1/namespaces/{}/pods`."""
        items: list[Json] = self.plane.api.get(path.format(self.namespace), **query).or_fail()["items"]
        return items

    def metadata(self, path: str, **query: str) -> list[Json]:
        """Of the items only that: whole pods by the hundred, again and again, would keep the API server from its work."""
        answer = self.plane.api.request("GET", path.format(self.namespace), query=query, headers=METADATA_ONLY)
        return [one["metadata"] for one in answer.or_fail()["items"] or ()]

    def wait(self, seconds: float = 120, **at_least: int) -> None:
        """Until so many are in these phases."""

        def reached() -> bool:
            found = {name: len(self.metadata(AGENTJOBS, fieldSelector=f"status.phase={name}")) for name in at_least}
            return all(found[name] >= count for name, count in at_least.items())

        until(reached, f"{at_least} of {len(self.names)}", seconds)

    def expect_each_ended_once(self) -> None:
        """Ends all pods, and looks for what was lost or doubled: objects, statuses, and writes in the audit log."""
        self.end_all()
        for one in self.items(AGENTJOBS):
            counted = {name: one["status"].get(name, 0) for name in ("attempts", "failures", "disruptions")}
            assert counted == {"attempts": 1, "failures": 0, "disruptions": 0}, one["status"]
        jobs = Counter(one["metadata"]["annotations"][names.ANNOTATION_NAME] for one in self.items(JOBS))
        assert set(jobs.values()) == {1}
        assert len(jobs) == len(self.names)
        self._expect_no_write_twice()

    def _expect_no_write_twice(self) -> None:
        # The last status is read before the API server has written its line.
        time.sleep(0.5)
        mine = [one for one in self._audit.requests() if one["namespace"] == self.namespace and one["verb"] in WRITES]
        done = Counter((one["verb"], one["resource"], one["name"]) for one in mine if one["code"] in (200, 201))
        made = {what: [n for (verb, res, _), n in done.items() if (verb, res) == ("create", what)] for what in MADE}
        assert made == {what: [1] * len(self.names) for what in MADE}
        told = {name: done["patch", "agentjobs/status", name] for name in self.names}
        # One that ran and ended while nobody led is told about once.
        assert set(told.values()) <= {1, 2}, told
        others = {what: n for what, n in done.items() if what[:2] not in EXPECTED}
        assert not others


MADE = ("jobs", "secrets")
EXPECTED = {("create", "jobs"), ("create", "secrets"), ("patch", "agentjobs/status")}
