"""Every metric of the operator: name, help, labels, buckets. docs/metrics.md is generated from this. Pure.

Labels are few and bounded: never the name of an AgentJob. What a tenant can choose freely (the model's name) is capped by `recorder`.
Names and buckets of `workqueue_*`, `rest_client_*` and `leader_election_*` are client-go's, so that dashboards for it fit.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agentjob_api.reasons import TABLE, Effect, Reason


class Kind(StrEnum):
    """Types of the Prometheus exposition."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """Each is one of a kind, found by identity: a reconcile looks up a score of them. `buckets` are upper bounds, of histograms only; a gauge is read at each scrape.

    `values` of the one label are there from the start: `increase()` of a series that comes with its first count is 0, so that an
    alert would sleep through a first failure, however large.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    values: tuple[str, ...] = ()


_WAITS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)
_RUNS: Final = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0)
_TRANSFERS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
_RECONCILES: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_REQUESTS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
_QUEUE: Final = tuple(10.0**power for power in range(-8, 4))

PLATFORM_FAULTS: Final = (
    *(Reason.COURIER_CRASHED, Reason.AGENT_CRASHED, Reason.POD_FAILED, Reason.ATTEMPT_LOST, Reason.PREPARE_FAILED),
    *(Reason.ARCHIVE_FAILED, Reason.TOO_MANY_DISRUPTIONS, Reason.REPOSITORY_UNREACHABLE),
    *(Reason.MODEL_UNAVAILABLE, Reason.MODEL_UNAUTHORIZED),
)
"""Ends that whoever runs the platform has to look at: neither the agent's verdict nor a budget nor the AgentJob's own spec.

StartDeadlineExceeded is none of them: a wrong image ends so, too. What the cluster lacks shows in `agentjob_pending_jobs`.
"""
NO_REPORT: Final = "NoReport"

JOBS = Metric(
    "agentjob_jobs",
    Kind.GAUGE,
    "AgentJobs that are not finished, by phase; of the leader only.",
    ("namespace", "phase"),
)
PENDING = Metric("agentjob_pending_jobs", Kind.GAUGE, "Pending AgentJobs by what they wait for.", ("reason",))
OLDEST_PENDING = Metric(
    "agentjob_oldest_pending_seconds",
    Kind.GAUGE,
    "Age of the AgentJob that has been pending for longest; 0 without one.",
)
CREATED = Metric(
    "agentjob_created_total",
    Kind.COUNTER,
    "AgentJobs taken up: counted when their first status is written.",
    ("namespace", "engine"),
)
FINISHED = Metric(
    "agentjob_finished_total",
    Kind.COUNTER,
    "AgentJobs that ended, by phase and reason; counted when the terminal status is written.",
    ("namespace", "engine", "phase", "reason"),
)
PLATFORM_FAILURES = Metric(
    "agentjob_platform_failures_total",
    Kind.COUNTER,
    "AgentJobs that failed by no fault of the agent, its budgets or its spec: a part of agentjob_finished_total, each reason from 0.",
    ("reason",),
    values=PLATFORM_FAULTS,
)
BUDGET_OVERRUNS = Metric(
    "agentjob_budget_overruns_total",
    Kind.COUNTER,
    "AgentJobs that ended with more spent than a limit allows, by over a tenth and the mean of a call (of time: a minute).",
    ("limit",),
    values=("tokens", "costUSD", "timeoutSeconds"),
)
RETRIES = Metric(
    "agentjob_retries_total",
    Kind.COUNTER,
    "Attempts that another one follows, by why they ended.",
    ("reason",),
    values=tuple(reason for reason, info in TABLE.items() if info.effect in (Effect.RETRIES, Effect.DISRUPTS)),
)
QUEUE_WAIT = Metric(
    "agentjob_queue_wait_duration_seconds",
    Kind.HISTOGRAM,
    "From the AgentJob's creation to that of its first Job. The API's times are whole seconds.",
    buckets=_WAITS,
)
START = Metric(
    "agentjob_start_duration_seconds",
    Kind.HISTOGRAM,
    "From the Job's creation to the start of the agent: scheduling, images, prepare. Each attempt.",
    buckets=_WAITS,
)
RUN = Metric(
    "agentjob_run_duration_seconds",
    Kind.HISTOGRAM,
    "From the agent's start to its end. Each attempt.",
    ("engine",),
    _RUNS,
)
ARCHIVE = Metric("agentjob_archive_duration_seconds", Kind.HISTOGRAM, "Packing the workspace.", ("format",), _TRANSFERS)
UPLOAD = Metric(
    "agentjob_upload_duration_seconds", Kind.HISTOGRAM, "Uploading the archive, retries included.", buckets=_TRANSFERS
)
ARCHIVE_BYTES = Metric(
    "agentjob_archive_bytes_total", Kind.COUNTER, "Bytes of verified archives.", ("namespace", "format")
)
ARCHIVE_FAILURES = Metric(
    "agentjob_archive_failures_total",
    Kind.COUNTER,
    "Ended attempts whose agent ran and that left no verified archive, by reason.",
    ("reason",),
    values=(Reason.ARCHIVE_FAILED, Reason.ARCHIVE_TOO_LARGE, NO_REPORT),
)
TOKENS = Metric(
    "agentjob_model_tokens_total",
    Kind.COUNTER,
    "Tokens as the model proxy counted them; `type` is input or output. Booked when an attempt ends.",
    ("namespace", "model", "type"),
)
COST = Metric(
    "agentjob_model_cost_usd_total",
    Kind.COUNTER,
    "US dollars by the prices of the model; 0 without prices. Booked when an attempt ends.",
    ("namespace", "model"),
)
MODEL_REQUESTS = Metric(
    "agentjob_model_requests_total", Kind.COUNTER, "Calls of the model. Booked when an attempt ends.", ("model",)
)
URL_RENEWALS = Metric("agentjob_url_renewals_total", Kind.COUNTER, "Download URLs that were signed again.")
EXPIRED = Metric("agentjob_expired_total", Kind.COUNTER, "AgentJobs deleted after their ttlSecondsAfterFinished.")
SWEEP_FAILURES = Metric(
    "agentjob_sweep_failures_total",
    Kind.COUNTER,
    "Tries to renew a download URL, or to delete after the TTL, that failed.",
)
RECONCILE = Metric(
    "agentjob_reconcile_duration_seconds",
    Kind.HISTOGRAM,
    "One reconcile, by result: success, requeue, waiting, stalled, throttled, error (of API server or store), bug.",
    ("result",),
    _RECONCILES,
    ("success", "requeue", "waiting", "stalled", "throttled", "error", "bug"),
)
WATCHES = Metric(
    "agentjob_watches",
    Kind.GAUGE,
    "Collections that this process watches: one of each resource, or one in each namespace of a list.",
    ("resource",),
)
WATCH_RESTARTS = Metric(
    "agentjob_watch_restarts_total",
    Kind.COUNTER,
    "Watches taken up again. The API server ends each every five minutes.",
    ("resource",),
)
CLOCK_SKEW = Metric(
    "agentjob_clock_skew_seconds",
    Kind.GAUGE,
    "How far this machine's clock is ahead of that of `peer`, the API server or the object store. Beyond 30 s the peer's is used.",
    ("peer",),
)
LEADER = Metric(
    "leader_election_master_status",
    Kind.GAUGE,
    "1 while this process holds the Lease and works, 0 otherwise.",
    ("name",),
)
REQUESTS = Metric(
    "rest_client_requests_total",
    Kind.COUNTER,
    "Requests to the API server. `verb` is the API server's (LIST and WATCH, too); `code` is <error> without an answer.",
    ("code", "method", "verb", "resource"),
)
REQUEST_DURATION = Metric(
    "rest_client_request_duration_seconds",
    Kind.HISTOGRAM,
    "Until the answer is read; of a WATCH until it begins.",
    ("verb",),
    _REQUESTS,
)
QUEUE_DEPTH = Metric("workqueue_depth", Kind.GAUGE, "AgentJobs that wait for a worker.", ("name",))
QUEUE_UNFINISHED = Metric(
    "workqueue_unfinished_work_seconds", Kind.GAUGE, "Sum of how long each reconcile under way has taken.", ("name",)
)
QUEUE_LONGEST = Metric(
    "workqueue_longest_running_processor_seconds", Kind.GAUGE, "How long the longest reconcile has taken.", ("name",)
)
QUEUE_ADDS = Metric("workqueue_adds_total", Kind.COUNTER, "AgentJobs added to the queue.", ("name",))
QUEUE_RETRIES = Metric("workqueue_retries_total", Kind.COUNTER, "AgentJobs added again with a backoff.", ("name",))
QUEUE_WAITED = Metric(
    "workqueue_queue_duration_seconds", Kind.HISTOGRAM, "How long an AgentJob waits for a worker.", ("name",), _QUEUE
)
QUEUE_WORK = Metric(
    "workqueue_work_duration_seconds", Kind.HISTOGRAM, "How long a worker works on an AgentJob.", ("name",), _QUEUE
)

ALL: Final = (
    *(JOBS, PENDING, OLDEST_PENDING, CREATED, FINISHED, PLATFORM_FAILURES, BUDGET_OVERRUNS, RETRIES),
    *(QUEUE_WAIT, START, RUN, ARCHIVE, UPLOAD, ARCHIVE_BYTES, ARCHIVE_FAILURES),
    *(TOKENS, COST, MODEL_REQUESTS, URL_RENEWALS, EXPIRED, SWEEP_FAILURES),
    *(RECONCILE, WATCHES, WATCH_RESTARTS, CLOCK_SKEW, LEADER, REQUESTS, REQUEST_DURATION),
    *(QUEUE_DEPTH, QUEUE_UNFINISHED, QUEUE_LONGEST, QUEUE_ADDS, QUEUE_RETRIES, QUEUE_WAITED, QUEUE_WORK),
)
PROCESS: Final = ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds")
"""Of prometheus_client's own process collector; the ones that dashboards and alerts use."""
