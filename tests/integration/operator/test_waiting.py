"""Waiting reasons: told when they last, gone when their cause is, terminal after the start deadline."""

from apiserver.client import ApiClient
from integration.operator.operatorprocess import OperatorProcess
from integration.operator.relay import Relay
from integration.operator.stage import Json, Stage, ended, now, running, waiting


def _event(stage: Stage, kind: str, about: Json, reason: str, message: str) -> None:
    """What Job controller and kubelet write."""
    meta = about["metadata"]
    reference = {"kind": kind, "namespace": stage.namespace, "name": meta["name"], "uid": meta["uid"]}
    body = {
        "metadata": {"generateName": "e.", "namespace": stage.namespace},
        "involvedObject": reference,
        "reason": reason,
        "message": message,
        "type": "Warning",
        "firstTimestamp": now(),
        "lastTimestamp": now(),
        "source": {"component": "test"},
    }
    stage.api.create(stage.path("events"), body).or_fail()


def test_a_missing_secret_waits_and_recovers_by_itself(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """The kubelet's message names the Secret; nothing but the Secret's creation is needed."""
    operator.start()
    stage.apply("todo")
    pod = stage.make_pod(stage.job("todo"))
    problem = waiting("CreateContainerConfigError", 'secret "openai" not found')
    stage.set_pod(pod, {"phase": "Pending"}, model_proxy=problem)
    status = stage.wait_reason("todo", "SecretMissing")
    assert status["phase"] == "Pending"
    assert status["message"] == "The Secret openai does not exist. Create the Secret with that key."
    conditions = {c["type"]: (c["status"], c["reason"]) for c in status["conditions"]}
    assert conditions == {"Accepted": ("True", "Accepted"), "Started": ("False", "SecretMissing")}
    # It follows the status.
    stage.wait(lambda: len(relay.of("/events")) == 1, "one Event for the warning")
    stage.run(pod)
    assert stage.play("todo")["phase"] == "Succeeded"


def test_an_image_that_cannot_be_pulled_fails_after_the_start_deadline(operator: OperatorProcess, stage: Stage) -> None:
    """The message names the image; the Job is deleted, so that nothing starts later."""
    operator.start()
    stage.apply("image", limits={"startDeadlineSeconds": 8})
    pod = stage.make_pod(stage.job("image"))
    problem = waiting("ImagePullBackOff", "Back-off pulling image: not found")
    stage.set_pod(pod, {"phase": "Pending"}, model_proxy=running(), prepare=ended(), agent=problem, courier=problem)
    assert stage.wait_reason("image", "ImagePullFailed")["phase"] == "Pending"
    failed = stage.wait_reason("image", "StartDeadlineExceeded")
    assert failed["phase"] == "Failed"
    assert "agentjob/courier:test" in failed["message"] or "agentjob/agent:test" in failed["message"]
    stage.wait(lambda: not stage.jobs_of("image"), "its Job is deleted")


def test_unschedulable(operator: OperatorProcess, stage: Stage) -> None:
    """The scheduler's condition, in its words."""
    operator.start()
    stage.apply("big")
    pod = stage.make_pod(stage.job("big"))
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes: too small",
    }
    stage.set_pod(pod, {"phase": "Pending", "conditions": [condition | {"lastTransitionTime": now()}]})
    assert "0/1 nodes: too small" in stage.wait_reason("big", "Unschedulable")["message"]


def test_a_volume_that_nobody_makes(operator: OperatorProcess, stage: Stage) -> None:
    """Scheduler and provisioner, in the claim's own Event: it waits, and ends at the start deadline."""
    operator.start()
    stage.apply("claim", workspace={"storageClassName": "fast"}, limits={"startDeadlineSeconds": 45})
    pod = stage.make_pod(stage.job("claim"))
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": now()}
    message = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    stage.set_pod(pod, {"phase": "Pending", "conditions": [condition | {"message": message}]})
    assert "unbound immediate" in stage.wait_reason("claim", "VolumeUnavailable")["message"]
    claim = {"metadata": {"name": f"{pod}-workspace", "uid": "claim-uid"}}
    _event(stage, "PersistentVolumeClaim", claim, "ProvisioningFailed", "no space in pool fast")
    stage.wait(lambda: "no space in pool fast" in stage.status("claim")["message"], "what the provisioner says")
    failed = stage.wait_reason("claim", "StartDeadlineExceeded", 60)
    assert (failed["phase"], "no space in pool fast" in failed["message"]) == ("Failed", True)


def test_a_pod_refused_by_pod_security(api: ApiClient, operator: OperatorProcess, stage: Stage) -> None:
    """No pod comes: the Job controller's Event says why."""
    operator.start()
    stage.apply("refused")
    message = 'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged'
    _event(stage, "Job", stage.job("refused"), "FailedCreate", message)
    status = stage.wait_reason("refused", "PodSecurityViolation")
    assert {c["type"]: c["status"] for c in status["conditions"]}["Accepted"] == "False"
    stage.make_pod(stage.job("refused"))
    assert stage.play("refused")["phase"] == "Succeeded"


def test_a_job_refused_by_quota_is_tried_again(operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """A 403 of the create; it goes on by itself once there is room."""
    status: Json = {
        "kind": "Status",
        "code": 403,
        "reason": "Forbidden",
        "message": 'jobs.batch "x" is forbidden: exceeded quota: jobs, requested: count/jobs.batch=1, used: 5, limited: 5',
    }
    relay.intercept = lambda method, path: (403, status) if method == "POST" and path.endswith("/jobs") else None
    operator.start()
    stage.apply("quota")
    told = stage.wait_reason("quota", "QuotaExceeded")
    assert told["attempts"] == 0, "no attempt was made"
    relay.intercept = lambda method, path: None
    assert stage.play("quota")["attempts"] == 1


def test_a_foreign_job_of_the_same_name(api: ApiClient, operator: OperatorProcess, stage: Stage, relay: Relay) -> None:
    """It is not adopted, and once it is gone the AgentJob goes on."""
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": "x"}]}}
    relay.intercept = lambda method, path: (503, {"message": "not yet"}) if path.endswith("/jobs") else None
    operator.start()
    stage.apply("taken")
    name = stage.wait(lambda: [s["metadata"]["name"] for s in stage.items("secrets")], "the Secret")[0]
    api.create(stage.path("jobs"), {"metadata": {"name": name}, "spec": {"template": template}}).or_fail()
    relay.intercept = lambda method, path: None
    assert name in stage.wait_reason("taken", "NameConflict")["message"]
    stage.delete("jobs", name)
    assert stage.play("taken")["phase"] == "Succeeded"


def test_the_attempts_own_secret_deleted_by_hand_is_made_again(operator: OperatorProcess, stage: Stage) -> None:
    """Nobody else could make it: it holds the grant of the attempt."""
    operator.start()
    stage.apply("secretless")
    job = stage.job("secretless")
    pod = stage.make_pod(job)
    secret = stage.wait(lambda: [s["metadata"]["name"] for s in stage.items("secrets")], "the Secret")[0]
    stage.delete("secrets", secret)
    problem = waiting("CreateContainerConfigError", f'secret "{secret}" not found')
    stage.set_pod(pod, {"phase": "Pending"}, model_proxy=problem)
    stage.wait(lambda: [s["metadata"]["name"] for s in stage.items("secrets")] == [secret], "the Secret again")
    stage.run(pod)
    assert stage.play("secretless")["phase"] == "Succeeded"
