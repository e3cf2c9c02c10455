"""Why an attempt does not start, from pod conditions, container states and Events; and what must be asked for it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from agentjob_api.reasons import Reason
from agentjob_operator.model import Cause, Evidence, Need, Stage
from agentjob_operator.observe import observe
from agentjob_operator.observe.waiting import event_cause, refusal
from unit.operator.clusterobjects import (
    NOW,
    PREFIX,
    Json,
    agentjob,
    at,
    at_work,
    condition,
    ended,
    job,
    pod,
    recorded,
    report,
    running,
    waiting,
)

ASKED = Evidence(prefix=PREFIX, events_checked=True)
SCHEDULED = condition("PodScheduled", time=at(-30))


@pytest.mark.parametrize(
    ("state", "reason", "says"),
    [
        (waiting("ErrImagePull", "not found"), Reason.IMAGE_PULL_FAILED, "registry/agent:1"),
        (waiting("ImagePullBackOff", "Back-off"), Reason.IMAGE_PULL_FAILED, "registry/agent:1"),
        (waiting("InvalidImageName"), Reason.IMAGE_PULL_FAILED, "InvalidImageName"),
        (waiting("ErrImageNeverPull"), Reason.IMAGE_PULL_FAILED, "registry/agent:1"),
        (waiting("CreateContainerConfigError", 'secret "key" not found'), Reason.SECRET_MISSING, "The Secret key does"),
        (
            waiting("CreateContainerConfigError", "couldn't find key api-key in Secret ns/openai"),
            *(Reason.SECRET_MISSING, "The Secret openai has no key api-key."),
        ),
        (waiting("CreateContainerConfigError", 'configmap "x" not found'), Reason.CONTAINER_CONFIG_ERROR, "configmap"),
        (waiting("CreateContainerError", "mkdir: no"), Reason.CONTAINER_CONFIG_ERROR, "mkdir: no"),
        (waiting("RunContainerError", "runc"), Reason.CONTAINER_CONFIG_ERROR, "runc"),
    ],
)
def test_a_container_that_waits_says_why(state: Json, reason: Reason, says: str) -> None:
    """The kubelet's reasons, whichever container they are of."""
    observed = observe(agentjob(), job(), pod({"phase": "Pending"}, agent=state), Evidence(), NOW)
    assert observed.stage is Stage.STARTING
    assert observed.cause is not None
    assert observed.cause.reason is reason
    assert says in observed.cause.message


def test_a_sidecar_that_keeps_crashing() -> None:
    """model-proxy ends again and again before the agent may start: its last words are told."""
    state = waiting("CrashLoopBackOff", "back-off 10s") | {}
    raw = pod({"phase": "Pending"}, model_proxy=state)
    observed = observe(agentjob(), job(), raw, Evidence(), NOW)
    assert observed.cause is not None
    assert observed.cause.reason is Reason.CONTAINER_CONFIG_ERROR


def test_no_node() -> None:
    """The scheduler's sentence."""
    unschedulable = condition("PodScheduled", "Unschedulable", "0/3 nodes are available", status="False")
    observed = observe(agentjob(), job(), pod({"phase": "Pending", "conditions": [unschedulable]}), Evidence(), NOW)
    assert observed.cause is not None
    assert observed.cause.reason is Reason.UNSCHEDULABLE


@pytest.mark.parametrize(
    "message",
    [
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
        '0/1 nodes are available: waiting for ephemeral volume controller to create the persistentvolumeclaim "x-workspace".',
        '0/1 nodes are available: storageclass.storage.k8s.io "fast" not found.',
        "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.",
        'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded',
    ],
)
def test_no_volume(message: str) -> None:
    """The scheduler's words for a claim that is not bound, when it lasts; what the claim's Events say is better."""
    unbound = condition("PodScheduled", "Unschedulable", message, status="False")
    raw = pod({"phase": "Pending", "conditions": [unbound]})
    young, waits = replace(raw, created=at(-3)), replace(raw, created=at(-20))
    ordinary = observe(agentjob(), job(), young, Evidence(), NOW)
    assert (ordinary.cause, ordinary.needs) == (None, frozenset())
    assert ordinary.recheck_seconds == pytest.approx(12)
    assert observe(agentjob(), job(), waits, Evidence(), NOW).needs == {Need.EVENTS}
    observed = observe(agentjob(), job(), waits, ASKED, NOW)
    assert observed.cause is not None
    assert observed.cause.reason is Reason.VOLUME_UNAVAILABLE
    better = Cause(Reason.VOLUME_UNAVAILABLE, "quota of the class")
    assert observe(agentjob(), job(), waits, replace(ASKED, event_cause=better), NOW).cause == better


def test_a_pod_that_the_scheduler_is_silent_about_is_asked_for_its_events() -> None:
    """It waits for a volume that somebody is to make, ten minutes before it says so."""
    silent = replace(pod({"phase": "Pending", "conditions": []}), created=at(-20))
    assert observe(agentjob(), job(), silent, Evidence(), NOW).needs == {Need.EVENTS}
    assert observe(agentjob(), job(), silent, ASKED, NOW).cause is None
    young = replace(pod({"phase": "Pending", "conditions": []}), created=at(-3))
    assert observe(agentjob(), job(), young, Evidence(), NOW).needs == frozenset()


def test_a_pod_in_its_ordinary_start_has_no_cause() -> None:
    """ContainerCreating and PodInitializing are no problem for a while."""
    fresh = condition("PodScheduled", time=at(-3))
    observed = observe(agentjob(), job(), pod({"phase": "Pending", "conditions": [fresh]}), Evidence(), NOW)
    assert (observed.cause, observed.needs) == (None, frozenset())
    assert observed.recheck_seconds == pytest.approx(12)


def test_a_pod_that_is_still_for_long_is_asked_for_its_events() -> None:
    """A volume that cannot be mounted shows nowhere else."""
    still = pod({"phase": "Pending", "conditions": [SCHEDULED]})
    assert observe(agentjob(), job(), still, Evidence(), NOW).needs == {Need.EVENTS}
    assert observe(agentjob(), job(), still, ASKED, NOW).needs == frozenset()


def test_a_job_without_a_pod_is_asked_for_its_events() -> None:
    """After two seconds; before, the Job controller may just not have come to it."""
    assert observe(agentjob(), job(created=at(-1)), None, Evidence(), NOW).needs == frozenset()
    assert observe(agentjob(), job(created=at(-3)), None, Evidence(), NOW).needs == {Need.EVENTS}


@pytest.mark.parametrize(
    ("reason", "message", "cause"),
    [
        ("FailedCreate", 'pods "x" is forbidden: violates PodSecurity "restricted"', Reason.POD_SECURITY_VIOLATION),
        ("FailedCreate", 'pods "x" is forbidden: exceeded quota: q, requested: pods=1', Reason.QUOTA_EXCEEDED),
        ("FailedCreate", "maximum memory usage per Container is 1Gi, but limit is 4Gi", Reason.QUOTA_EXCEEDED),
        ("FailedCreate", 'admission webhook "policy" denied the request', Reason.JOB_CREATE_REFUSED),
        ("FailedCreate", "failed quota: q: must specify limits.cpu for: agent", Reason.QUOTA_EXCEEDED),
        ("FailedCreate", 'Pod "x" is invalid: spec: must specify one of: a, b', Reason.JOB_CREATE_REFUSED),
        ("FailedMount", 'MountVolume.SetUp failed for volume "c" : secret "git" not found', Reason.SECRET_MISSING),
        ("FailedMount", "timed out waiting for the condition", Reason.VOLUME_UNAVAILABLE),
        ("FailedAttachVolume", "Multi-Attach error", Reason.VOLUME_UNAVAILABLE),
        ("ProvisioningFailed", "no space left", Reason.VOLUME_UNAVAILABLE),
        ("ExternalProvisioning", "Waiting for a volume to be created", Reason.VOLUME_UNAVAILABLE),
        ("FailedCreatePodSandBox", "network plugin", Reason.CONTAINER_CONFIG_ERROR),
    ],
)
def test_events_name_the_cause(reason: str, message: str, cause: Reason) -> None:
    """Of Job controller and kubelet."""
    found = event_cause([{"metadata": {}, "reason": reason, "message": message, "lastTimestamp": at(0)}])
    assert found is not None
    assert found.reason is cause


def test_a_refusal_says_what_is_refused() -> None:
    """The word `it` would leave the reader to guess."""
    assert refusal("pod", "Error creating: pods x").message == "The pod is refused: Error creating: pods x."
    assert refusal("Job", "exceeded quota: q").message == "There is no quota for the Job: exceeded quota: q."


def test_the_latest_event_counts() -> None:
    """An older problem may be solved."""
    old = {"metadata": {}, "reason": "FailedCreate", "message": "exceeded quota", "lastTimestamp": at(-60)}
    new = {"metadata": {}, "reason": "FailedCreate", "message": "violates PodSecurity", "lastTimestamp": at(-1)}
    found = event_cause([old, new, {"metadata": {}, "reason": "Scheduled", "message": "", "eventTime": at(0)}])
    assert found is not None
    assert found.reason is Reason.POD_SECURITY_VIOLATION


def test_what_is_overcome_is_no_cause() -> None:
    """The Secret came a moment after the pod; that its large image is then pulled for long is no missing Secret."""
    early = {"metadata": {}, "reason": "FailedMount", "message": 'secret "x-1" not found', "lastTimestamp": at(-20)}
    for time in (at(-20), at(-18)):
        assert event_cause([early, {"metadata": {}, "reason": "Pulling", "lastTimestamp": time}]) is None
    late = early | {"lastTimestamp": at(-10)}
    assert event_cause([late, {"metadata": {}, "reason": "SuccessfulCreate", "lastTimestamp": at(-20)}]) is not None


def test_an_agent_without_its_courier_has_not_started() -> None:
    """It only waits for the courier: what keeps the courier is told, and the start deadline goes on."""
    held = pod({"phase": "Pending"}, **at_work(courier=waiting("ImagePullBackOff", "Back-off")))
    observed = observe(agentjob(), job(), held, Evidence(), NOW)
    assert (observed.stage, observed.preparing) == (Stage.STARTING, False)
    assert observed.cause is not None
    assert observed.cause.reason is Reason.IMAGE_PULL_FAILED


def test_a_pod_that_is_to_end_before_it_started_is_looked_at_again() -> None:
    """Its node may be gone: then no event ever says that it ended."""
    cloning = pod({"phase": "Pending"}, deletion=at(100), model_proxy=running(), prepare=running())
    assert observe(agentjob(), job(), cloning, Evidence(), NOW).recheck_seconds is not None


def test_a_message_is_bounded_and_of_one_line() -> None:
    """It goes into a status."""
    text = refusal("pod", "a\n" * 5000).message
    assert len(text) < 800
    assert "\n" not in text


def test_a_new_agentjob_is_absent() -> None:
    """Nothing is asked: it is to be created at once."""
    observed = observe(agentjob(), None, None, Evidence(prefix=PREFIX), NOW)
    assert (observed.stage, observed.needs, observed.attempt) == (Stage.ABSENT, frozenset(), 1)


def test_an_old_agentjob_without_a_job_may_have_had_one() -> None:
    """The operator was down for longer than a finished Job is kept: result.json is asked for before it is run again."""
    old = agentjob(created=at(-4000))
    assert observe(old, None, None, Evidence(prefix=PREFIX), NOW).needs == {Need.REPORT}
    assert observe(old, None, None, Evidence(prefix=PREFIX, report_checked=True), NOW).needs == frozenset()
    stored = Evidence(
        PREFIX, job_checked=True, report_checked=True, archive_checked=True, stored_report=report().encode()
    )
    observed = observe(old, None, None, stored, NOW)
    assert observed.ending is not None
    assert observed.ending.reason is Reason.COMPLETED


def test_a_job_that_this_process_saw_and_that_is_gone_is_not_absent() -> None:
    """Status need not have recorded it yet: a Job that was deleted by hand is not made again."""
    observed = observe(agentjob(), None, None, Evidence(prefix=PREFIX, job_seen="uid"), NOW)
    assert observed.needs == {Need.JOB}


def test_running_and_preparing() -> None:
    """The agent's container tells."""
    observed = observe(agentjob(), job(), pod(**at_work()), Evidence(), NOW)
    assert (observed.stage, observed.agent_started) == (Stage.RUNNING, at(-5))
    cloning = pod({"phase": "Pending"}, model_proxy=running(), prepare=running())
    observed = observe(agentjob(), job(), cloning, Evidence(), NOW)
    assert (observed.stage, observed.preparing, observed.secret_proven) == (Stage.STARTING, True, True)


def test_how_long_prepare_took_is_known_when_it_ended() -> None:
    """After it the agent's image may still have to come: that is waiting again."""
    prepared = ended(0, started=-90, finished=-30)
    observed = observe(agentjob(), job(), pod({"phase": "Pending"}, prepare=prepared), Evidence(), NOW)
    assert (observed.preparing, observed.prepared) == (False, timedelta(seconds=60))


def test_the_attempt_counted_by_status_is_observed() -> None:
    """Attempt 2 begins without a Job, although attempt 1 had one."""
    status = recorded(attempts=2, reason="Retrying", attemptTime=at(-1))
    del status["jobUID"]
    observed = observe(agentjob(status), None, None, Evidence(prefix=PREFIX), NOW)
    assert (observed.stage, observed.attempt) == (Stage.ABSENT, 2)


def test_packing_is_still_running() -> None:
    """The agent has ended, the courier works: no new status until it has."""
    observed = observe(agentjob(), job(), pod(**at_work(agent=ended())), Evidence(), NOW)
    assert observed.stage is Stage.RUNNING
    assert observed.recheck_seconds is not None
