"""The process: what it says when it cannot start, how it stops, who leads."""

import time

import pytest
from apiserver.client import ApiClient
from integration.operator.conftest import MakeOperator
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Stage

CONFIG_ERROR = 2


@pytest.fixture
def make_operator(make_operator: MakeOperator) -> MakeOperator:
    """From nothing, as the image starts it."""

    def make(*arguments: str, **settings: str) -> OperatorProcess:
        made = make_operator(*arguments, **settings)
        made.warm = False
        return made

    return make


def _ends(operator: OperatorProcess) -> int:
    operator.start(ready=False)
    assert operator.process is not None
    code = operator.process.wait(60)
    operator.process = None
    return code


def test_without_the_crd_it_says_so(operator: OperatorProcess, relay: Relay) -> None:
    """And ends, so that nobody waits for an operator that does nothing."""
    missing = {"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}
    relay.intercept = lambda method, path: (404, missing) if path.startswith("/apis/agentjob.io") else None
    assert _ends(operator) == CONFIG_ERROR
    assert "agentjobs.agentjob.io is not installed" in operator.tail()


def test_without_rights_it_says_which(api: ApiClient, make_operator: MakeOperator, namespace: str) -> None:
    """A service account that nobody bound to the role."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    api.create(path, {"metadata": {"name": "nobody"}}).or_fail()
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = api.create(f"{path}/nobody/token", body).or_fail()["status"]["token"]
    operator = make_operator(token=token)
    assert _ends(operator) == CONFIG_ERROR
    assert 'cannot list resource \\"agentjobs\\"' in operator.tail()


def test_a_configuration_that_is_wrong_names_the_field(make_operator: MakeOperator) -> None:
    """Before anything is asked of anybody."""
    operator = make_operator(workers="0")
    assert _ends(operator) == CONFIG_ERROR
    assert "workers" in operator.tail()


def test_probes_and_sigterm(operator: OperatorProcess, stage: Stage) -> None:
    """Healthy and ready while it works; ends within seconds with exit code 0, in the middle of things."""
    operator.start()
    stage.apply("todo")
    assert (operator.probe("healthz"), operator.probe("readyz")) == (200, 200)
    started = time.monotonic()
    assert operator.stop() == 0
    print(f"stopped in {time.monotonic() - started:.1f} s")
    assert "Traceback" not in operator.log.read_text()


def test_two_replicas_one_leads(make_operator: MakeOperator, stage: Stage, relay: Relay) -> None:
    """The second stands by, ready; the first gives the Lease up when it stops, and is missed when it is killed."""
    lease = {"leader_election__enabled": "true", "leader_election__lease_namespace": "agentjob-system"}
    lease |= {"leader_election__lease_name": "agentjob-operator", "leader_election__lease_seconds": "5"}
    lease |= {"leader_election__renew_seconds": "4", "leader_election__retry_seconds": "1"}
    first, second = make_operator("first", **lease), make_operator("second", **lease)
    first.start()
    first.wait_state("leading")
    second.start()
    assert second.state() == "standby"
    stage.apply("one")
    assert stage.play("one")["phase"] == "Succeeded"
    assert len([w for w in relay.of("/jobs") if w.method == "POST"]) == 1
    assert first.stop() == 0
    second.wait_state("leading")
    first.start()
    assert first.state() == "standby"
    second.kill()
    first.wait_state("leading")
    stage.apply("two")
    assert stage.play("two")["phase"] == "Succeeded"


def test_a_lost_lease_ends_the_process(make_operator: MakeOperator, relay: Relay) -> None:
    """Two leaders would be worse than none: when the Lease cannot be renewed, the process ends and is started again."""
    lease = {"leader_election__enabled": "true", "leader_election__lease_namespace": "agentjob-system"}
    lease |= {"leader_election__lease_seconds": "5", "leader_election__renew_seconds": "3"}
    operator = make_operator(**lease, leader_election__retry_seconds="1")
    operator.start()
    operator.wait_state("leading")
    broken = {"kind": "Status", "code": 500, "message": "etcd"}
    relay.intercept = lambda method, path: (500, broken) if "/leases" in path else None
    assert operator.process is not None
    assert operator.process.wait(60) == 1
    operator.process = None
    assert "the Lease is lost" in operator.log.read_text()


def test_a_lease_is_given_up_at_a_clean_end(api: ApiClient, make_operator: MakeOperator, relay: Relay) -> None:
    """It would run for five minutes, and was renewed after the operator last read it: the next one leads at once all the same."""
    lease = {"leader_election__enabled": "true", "leader_election__lease_namespace": "agentjob-system"}
    lease |= {"leader_election__lease_name": "agentjob-operator", "leader_election__lease_seconds": "300"}
    path = "/apis/coordination.k8s.io/v1/namespaces/agentjob-system/leases/agentjob-operator"
    # The test before this one leaves a Lease of an operator that could not give it up.
    api.request("DELETE", path)
    operator = make_operator(**lease, leader_election__renew_seconds="10", leader_election__retry_seconds="1")
    operator.start()
    operator.wait_state("leading")
    assert api.get(path).or_fail()["spec"]["holderIdentity"]
    assert operator.stop() == 0
    assert not api.get(path).or_fail()["spec"].get("holderIdentity")
    assert "could not be given up" not in operator.log.read_text()
    operator.start()
    operator.wait_state("leading")


def test_rights_that_are_taken_away_are_named(operator: OperatorProcess, relay: Relay) -> None:
    """kopf alone would end with a traceback; who reads the log must see which rule of the role is missing."""
    operator.start()
    said = 'agentjobs.agentjob.io is forbidden: User "x" cannot watch resource "agentjobs"'
    refused: dict[str, object] = {"kind": "Status", "code": 403, "reason": "Forbidden", "message": said}
    relay.intercept = lambda method, path: (403, refused) if "agentjobs?" in path and "watch=true" in path else None
    relay.cut("agentjobs")
    assert operator.process is not None
    assert operator.process.wait(60) == 1
    operator.process = None
    assert "the operator's role does not allow what it needs" in operator.tail()
    assert "cannot watch resource" in operator.tail()
