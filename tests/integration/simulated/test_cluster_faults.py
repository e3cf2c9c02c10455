"""What happens to pods, Jobs and the API server itself, with real controllers: the Job controller, the garbage collector, evictions."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import urllib3
from agentjob_api.reasons import Reason
from apiserver.client import AGENTJOBS
from cluster.controlplane import wait_ready
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.simulated.conftest import MakeOperator
from integration.simulated.crowd import JOBS, PODS, Crowd
from integration.simulated.plane import Json, Plane
from support.patience import until

ALONE = {"leader_election__enabled": "false"}
SECRETS = "/api/v1/namespaces/{}/secrets"


@pytest.fixture
def operator(make_operator: MakeOperator, relay: Relay) -> OperatorProcess:
    """One, leading."""
    made = make_operator("operator", relay, **ALONE)
    made.start()
    return made


def _status(crowd: Crowd, name: str) -> Json:
    path = f"{AGENTJOBS.format(crowd.namespace)}/{name}"
    status: Json = crowd.plane.api.get(path).or_fail().get("status", {})
    return status


def _force_delete(crowd: Crowd, pod: str) -> None:
    path = f"{PODS.format(crowd.namespace)}/{pod}"
    crowd.plane.api.request("DELETE", path, query={"gracePeriodSeconds": "0"}).or_fail()


def _evict(crowd: Crowd, pod: str) -> None:
    """As `kubectl drain` does it."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": crowd.namespace}}
    crowd.plane.api.create(f"{PODS.format(crowd.namespace)}/{pod}/eviction", body).or_fail()


@pytest.mark.parametrize("end", [_force_delete, _evict], ids=["force-deleted", "drained"])
def test_a_pod_that_is_taken_away_is_another_attempt(
    operator: OperatorProcess, crowd: Crowd, end: Callable[[Crowd, str], None]
) -> None:
    """Nobody's fault: it does not count against `backoffLimit`, which is 0, and the next one ends it."""
    crowd.add(1, attempts=2)
    crowd.wait(Running=1)
    end(crowd, _status(crowd, "job-0")["podName"])
    until(lambda: _status(crowd, "job-0").get("attempts") == 2, "the next attempt")
    crowd.wait(Running=1)
    crowd.end_all()
    done = _status(crowd, "job-0")
    assert (done["attempts"], done["failures"], done["disruptions"]) == (2, 0, 1)
    assert "a bug" not in operator.log.read_text()


def test_a_job_deleted_by_hand_is_lost_with_its_pod(operator: OperatorProcess, crowd: Crowd) -> None:
    """The garbage collector takes the pod; nothing is made again in silence."""
    crowd.add(1)
    crowd.wait(Running=1)
    crowd.plane.kubectl("delete", "job", "-n", crowd.namespace, _status(crowd, "job-0")["jobName"])
    lost = until(lambda: _ended(crowd, "job-0"), "it ends")
    assert (lost["phase"], lost["attempts"]) == ("Failed", 1)
    # Whichever the operator sees first: that the Job is not there, or that all in its pod was killed.
    assert lost["reason"] in {Reason.ATTEMPT_LOST, Reason.COURIER_CRASHED}
    until(lambda: not crowd.items(PODS) and not crowd.items(JOBS), "nothing runs any more")


@pytest.mark.parametrize("when", ["running", "finished"])
def test_a_deleted_agentjob_leaves_nothing(operator: OperatorProcess, crowd: Crowd, when: str) -> None:
    """By owner references alone: no object of it has a finalizer of ours, so an operator that is gone blocks nobody."""
    crowd.add(2)
    crowd.wait(Running=2)
    if when == "finished":
        crowd.end_all()
    else:
        operator.stop()
    owned = [*crowd.items(AGENTJOBS), *crowd.items(SECRETS), *crowd.items(JOBS)]
    assert len(owned) == 6
    assert {f for one in owned for f in one["metadata"].get("finalizers", ())} == set()
    crowd.plane.kubectl("delete", "agentjobs", "-n", crowd.namespace, "--all")
    until(lambda: not any(crowd.items(path) for path in (AGENTJOBS, JOBS, PODS, SECRETS)), "nothing is left", 90)


@pytest.fixture
def restart(plane: Plane) -> Iterator[Callable[[], None]]:
    """Stops the API server and starts it again, on its port and its etcd."""
    with ExitStack() as stack:
        current = [next(server for server in plane.cluster.servers if server.name == "kube-apiserver")]

        def stop_and_start() -> None:
            current[0].stop()
            current[0] = current[0].again()
            stack.callback(current[0].stop)
            wait_ready(f"{plane.cluster.url}/readyz", plane.cluster.ca_file, (current[0],))
            # "storage is (re)initializing" for a while.
            until(lambda: plane.api.get(AGENTJOBS.format("default")).accepted, "it serves AgentJobs")

        yield stop_and_start


def test_the_api_server_is_restarted_and_has_forgotten_what_was(
    plane: Plane, operator: OperatorProcess, relay: Relay, crowd: Crowd, restart: Callable[[], None]
) -> None:
    """What ended while the operator was cut off was compacted away in etcd: its watches get a real 410, in the same process.

    The last of this module: who watched the API server before may take a while to come back."""
    crowd.add(6)
    crowd.wait(Running=6)
    process = operator.process
    relay.hold = lambda method, path: True
    relay.freeze()
    crowd.end(3)
    until(lambda: len(crowd.items(PODS, fieldSelector="status.phase=Succeeded")) == 3, "three pods have ended")
    _compact(plane)
    restart()
    relay.cut()
    relay.hold = lambda method, path: False
    crowd.wait(Succeeded=3)
    crowd.add(3)
    crowd.expect_each_ended_once()
    assert process is not None
    assert process.poll() is None
    log = operator.log.read_text()
    assert "too far behind" in log or "does not know that version" in log


def _compact(plane: Plane) -> None:
    """By etcd's own interface: all that was before now is gone."""
    etcd = next(server for server in plane.cluster.servers if server.name == "etcd")
    url = next(arg.partition("=")[2] for arg in etcd.command if arg.startswith("--listen-client-urls="))
    header = _etcd(f"{url}/v3/kv/range", {"key": "AA=="})["header"]
    _etcd(f"{url}/v3/kv/compaction", {"revision": header["revision"], "physical": True})


def _etcd(url: str, body: dict[str, Any]) -> Json:
    answer = urllib3.request("POST", url, json=body)
    assert answer.status == 200, answer.data
    decoded: Json = answer.json()
    return decoded


def _ended(crowd: Crowd, name: str) -> Json | None:
    status = _status(crowd, name)
    return status if status.get("phase") in ("Succeeded", "Failed") else None
