"""Where the current attempt of an AgentJob is. Pure: the same input gives the same answer, however often an event came."""

from datetime import datetime, timedelta
from typing import Final

from agentjob_api.pod import Container as Name
from agentjob_api.reasons import Reason
from agentjob_api.status import Phase

from agentjob_operator.model import Cause, Ending, Evidence, Need, Observed, Stage
from agentjob_operator.objects import ORDINARY_WAITING, AgentJob, Container, Job, Pod, moment
from agentjob_operator.observe.beside import beside_of, recheck_of
from agentjob_operator.observe.ending import Attempt, conclude
from agentjob_operator.observe.waiting import needed, pod_cause

FRESH: Final = timedelta(seconds=60)
"""An older AgentJob without a Job may have had one that is gone: the store is asked before it is run (again)."""
PODLESS: Final = timedelta(seconds=2)
"""A Job without a pod for longer: its Events say why."""
STILL: Final = timedelta(seconds=15)
"""A pod whose containers wait for longer without saying why: its Events may. That it gets a node wakes nobody."""
POLL_SECONDS: Final = 5.0
"""What is looked at again because only time, or an object that is not watched, can change it."""

PACKING_POLL_SECONDS: Final = 30.0
"""While the courier packs: whether it hangs."""


def observe(agentjob: AgentJob, job: Job | None, pod: Pod | None, evidence: Evidence, now: datetime) -> Observed:
    """`job` and `pod` are those of the attempt that `status` counts, as the cache has them."""
    number = max(1, agentjob.status.get("attempts") or 0)
    if agentjob.status.get("phase") == Phase.SUSPENDED:
        return Observed(number, Stage.SUSPENDED, job, pod)
    recorded = agentjob.status.get("jobUID") or evidence.job_seen
    if job is not None and recorded and job.uid != recorded:
        job = None
    if job is None and not recorded:
        return _absent(agentjob, number, evidence, now)
    told = agentjob.status.get("phase") == Phase.RUNNING
    attempt = Attempt(agentjob.uid, number, job, pod, evidence, now, told)
    conclusion = conclude(attempt)
    if isinstance(conclusion, Need):
        return _unfinished(attempt, frozenset({conclusion}))
    if isinstance(conclusion, Ending):
        return Observed(
            *(number, Stage.ENDED, job, pod),
            agent_started=conclusion.agent_started,
            ending=conclusion,
            beside=beside_of(pod, now),
        )
    return _unfinished(attempt, frozenset())


def _absent(agentjob: AgentJob, number: int, evidence: Evidence, now: datetime) -> Observed:
    since = agentjob.status.get("attemptTime") or agentjob.created
    if now - moment(since) > FRESH and not evidence.report_checked:
        return Observed(number, Stage.ABSENT, needs=frozenset({Need.REPORT}))
    if (agentjob.spec.get("cancel") or agentjob.spec.get("suspend")) and not evidence.job_checked:
        # Whoever is not looked after any more must have none, whatever the cache knows.
        return Observed(number, Stage.ABSENT, needs=frozenset({Need.JOB}))
    attempt = Attempt(agentjob.uid, number, None, None, evidence, now)
    if attempt.report(evidence.stored_report) is None:
        return Observed(number, Stage.ABSENT)
    conclusion = conclude(attempt)
    if isinstance(conclusion, Ending):
        return Observed(number, Stage.ENDED, ending=conclusion)
    return Observed(number, Stage.ABSENT, needs=frozenset({conclusion} if conclusion else ()))


def _unfinished(attempt: Attempt, needs: frozenset[Need]) -> Observed:
    pod = attempt.pod
    containers = () if pod is None else tuple(pod.containers.values())
    agent = attempt.container(Name.AGENT)
    proven = any(container.started for container in containers)
    courier = attempt.container(Name.COURIER)
    # An agent whose courier is not there does nothing but wait for it: what keeps the courier keeps the attempt.
    if agent is not None and agent.started and (courier is None or courier.started):
        started = agent.running_since or (agent.terminated.started_at if agent.terminated else "")
        return Observed(
            *(attempt.number, Stage.RUNNING, attempt.job, pod),
            agent_started=started,
            secret_proven=True,
            needs=needs,
            beside=beside_of(pod, attempt.now),
            recheck_seconds=_running_recheck(attempt, agent),
        )
    cause, wanted, recheck = _why_waiting(attempt)
    prepare = attempt.container(Name.PREPARE)
    return Observed(
        *(attempt.number, Stage.STARTING, attempt.job, pod),
        cause=cause,
        secret_proven=proven,
        preparing=cause is None and prepare is not None and prepare.running_since is not None,
        prepared=_duration(prepare),
        needs=needs | wanted,
        recheck_seconds=recheck,
    )


def _duration(container: Container | None) -> timedelta:
    ended = container.terminated if container is not None else None
    if ended is None or not ended.started_at or not ended.finished_at:
        return timedelta()
    return moment(ended.finished_at) - moment(ended.started_at)


def _why_waiting(attempt: Attempt) -> tuple[Cause | None, frozenset[Need], float | None]:
    """The cause, what must be asked for it, and when to look again."""
    pod, job, evidence = attempt.pod, attempt.job, attempt.evidence
    if job is None or (pod is not None and (pod.gone or pod.deletion is not None)):
        return None, frozenset(), POLL_SECONDS
    if pod is None:
        return _ask_events(attempt, attempt.now - moment(job.created), PODLESS)
    cause = pod_cause(pod)
    if cause is not None and cause.reason is not Reason.VOLUME_UNAVAILABLE:
        return cause, frozenset(), None
    if cause is not None or _is_undecided(pod):
        # That there is no volume yet is how each one begins. While it is made the scheduler says nothing more for minutes: the claim's
        # Events do.
        told, needs, recheck = _ask_events(attempt, attempt.now - moment(pod.created), STILL)
        return told or (cause if attempt.evidence.events_checked else None), needs, recheck
    if pod.phase == "Pending" and _all_still(pod):
        return _ask_events(attempt, attempt.now - moment(_scheduled_at(pod) or pod.created), STILL)
    if pod.phase == "Pending" and not _scheduled_at(pod):
        return None, frozenset(), STILL.total_seconds()
    return None, frozenset(), None if evidence.event_cause is None else POLL_SECONDS


def _ask_events(
    attempt: Attempt, waited: timedelta, patience: timedelta
) -> tuple[Cause | None, frozenset[Need], float | None]:
    if waited < patience:
        return None, frozenset(), (patience - waited).total_seconds()
    if not attempt.evidence.events_checked:
        return None, frozenset({Need.EVENTS}), None
    return attempt.evidence.event_cause, frozenset(), POLL_SECONDS


def _is_undecided(pod: Pod) -> bool:
    """The scheduler has put it nowhere, and not said that it cannot."""
    return pod.phase == "Pending" and not any(one.type == "PodScheduled" for one in pod.conditions)


def _all_still(pod: Pod) -> bool:
    """It is on a node, and no container of it has started or says why not."""
    return bool(_scheduled_at(pod)) and all(
        one.waiting is not None and one.waiting.reason in ORDINARY_WAITING for one in needed(pod)
    )


def _scheduled_at(pod: Pod) -> str:
    scheduled = pod.condition("PodScheduled")
    return scheduled.time if scheduled is not None else ""


def _running_recheck(attempt: Attempt, agent: Container) -> float | None:
    # Neither a hanging courier nor a node that is gone makes an event.
    pod = attempt.pod
    hanging = agent.terminated is not None and attempt.terminated(Name.COURIER) is None
    ending = attempt.job is None or pod is None or pod.gone or pod.deletion is not None
    return POLL_SECONDS if ending else (PACKING_POLL_SECONDS if hanging else recheck_of(pod, attempt.now))
