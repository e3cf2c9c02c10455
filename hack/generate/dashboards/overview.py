"""The operator: does it lead, does its queue move, does the API server serve it, what does it take?

Metrics that other controllers export, too (`workqueue_*`, `rest_client_*`, `process_*`), are told apart by the scrape job's name.
"""

from typing import Final

from generate.dashboards.grafana import Dashboard, Panel, Query, Row, Unit, View

_JOB: Final = 'job="agentjob-operator"'


def _quantiles(metric: str, by: str = "", select: str = "", name: str = "") -> tuple[Query, ...]:
    """Median and 99th percentile of a histogram, of each value of the label `by`."""
    labels, legend = (f", {by}", f"{{{{{by}}}}}") if by else ("", name)
    return tuple(
        Query(
            f"histogram_quantile({quantile}, sum by (le{labels}) (rate({metric}_bucket{{{_JOB}{select}}}[$__rate_interval])))",
            f"{legend} p{round(float(quantile) * 100)}".strip(),
        )
        for quantile in ("0.5", "0.99")
    )


_NOW: Final = Row(
    "Now",
    (
        Panel(
            "Alerts",
            "AgentJob alerts that fire; docs/runbooks says what to do about each.",
            (Query('count(ALERTS{alertname=~"AgentJob.+", alertstate="firing"}) or vector(0)'),),
            view=View.STAT,
            width=4,
            red_from=1,
        ),
        Panel(
            "Replicas up",
            "Replicas of the operator that can be scraped. One works, the others stand by.",
            (Query(f"sum(up{{{_JOB}}})"),),
            view=View.STAT,
            width=4,
            green_from=1,
        ),
        Panel(
            "Leaders",
            "Replicas that hold the Lease: 1. For some seconds 0 when one takes over.",
            (Query(f"sum(leader_election_master_status{{{_JOB}}})"),),
            view=View.STAT,
            width=4,
            green_from=1,
        ),
        Panel(
            "Leader since",
            "How long the process that leads has been running.",
            (Query(f"1000 * max(process_start_time_seconds{{{_JOB}}} and on (instance) leader_election_master_status{{{_JOB}}} == 1)"),),
            Unit.TIME,
            View.STAT,
            4,
        ),
        Panel(
            "Waiting for a worker",
            "AgentJobs in the work queue. A burst is drained in seconds.",
            (Query(f"sum(workqueue_depth{{{_JOB}}})"),),
            view=View.STAT,
            width=4,
        ),
        Panel(
            "Failed reconciles",
            "Share of all that ended with an error of the API server or the object store, or an exception nobody expected.",
            (
                Query(
                    f'sum(rate(agentjob_reconcile_duration_seconds_count{{{_JOB}, result=~"error|bug"}}[$__rate_interval]))'
                    f" / sum(rate(agentjob_reconcile_duration_seconds_count{{{_JOB}}}[$__rate_interval]))"
                ),
            ),
            Unit.SHARE,
            View.STAT,
            4,
            red_from=0.1,
        ),
    ),
    height=4,
)  # fmt: skip
_RECONCILES: Final = Row(
    "Reconciles and work queue",
    (
        Panel(
            "Reconciles",
            "By result. waiting and stalled are AgentJobs that lack something, not errors; throttled is the API server's 429.",
            (Query(f"sum by (result) (rate(agentjob_reconcile_duration_seconds_count{{{_JOB}}}[$__rate_interval]))", "{{result}}"),),
            Unit.PER_SECOND,
            View.STACKED,
        ),
        Panel("Duration of a reconcile", "Of all results together.", _quantiles("agentjob_reconcile_duration_seconds"), Unit.SECONDS),
        Panel("Wait for a worker", "From an event to its reconcile.", _quantiles("workqueue_queue_duration_seconds"), Unit.SECONDS),
        Panel(
            "Queue depth",
            "AgentJobs that wait for a worker, by replica.",
            (Query(f"sum by (instance) (workqueue_depth{{{_JOB}}})", "{{instance}}"),),
        ),
        Panel(
            "Into the queue",
            "Adds by events, and adds again with a backoff after an error.",
            (
                Query(f"sum(rate(workqueue_adds_total{{{_JOB}}}[$__rate_interval]))", "adds"),
                Query(f"sum(rate(workqueue_retries_total{{{_JOB}}}[$__rate_interval]))", "retries"),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Time in work",
            "The longest reconcile under way, and the sum of all. A line that climbs is a reconcile that hangs.",
            (
                Query(f"max(workqueue_longest_running_processor_seconds{{{_JOB}}})", "longest"),
                Query(f"sum(workqueue_unfinished_work_seconds{{{_JOB}}})", "all"),
            ),
            Unit.SECONDS,
        ),
        Panel("Duration of work", "A reconcile as the queue sees it, with its handling of errors.", _quantiles("workqueue_work_duration_seconds"), Unit.SECONDS),
    ),
)  # fmt: skip
_API: Final = Row(
    "API server",
    (
        Panel(
            "Writes",
            "An AgentJob without retries costs four: Secret, Job and two of its status.",
            (
                Query(
                    f'sum by (verb, resource) (rate(rest_client_requests_total{{{_JOB}, verb=~"POST|PUT|PATCH|DELETE", resource!="leases"}}[$__rate_interval]))',
                    "{{verb}} {{resource}}",
                ),
            ),
            Unit.PER_SECOND,
            View.STACKED,
        ),
        Panel(
            "Reads",
            "Lists and gets; the caches are fed by watches.",
            (
                Query(
                    f'sum by (verb, resource) (rate(rest_client_requests_total{{{_JOB}, verb=~"GET|LIST", resource!="leases"}}[$__rate_interval]))',
                    "{{verb}} {{resource}}",
                ),
            ),
            Unit.PER_SECOND,
            View.STACKED,
        ),
        Panel(
            "Refused and failed requests",
            "409 is ordinary: somebody else was faster. <error> is no answer at all.",
            (
                Query(
                    f'sum by (code, verb, resource) (rate(rest_client_requests_total{{{_JOB}, code!~"2.."}}[$__rate_interval]))',
                    "{{code}} {{verb}} {{resource}}",
                ),
            ),
            Unit.PER_SECOND,
        ),
        Panel("Duration of requests", "Until the answer is read; of a WATCH until it begins.", _quantiles("rest_client_request_duration_seconds", "verb"), Unit.SECONDS),
        Panel(
            "Watch restarts",
            "Per watch. The API server ends each every five minutes: 0.2 a minute are ordinary.",
            (
                Query(
                    f"60 * sum by (resource) (rate(agentjob_watch_restarts_total{{{_JOB}}}[$__rate_interval]))"
                    f" / sum by (resource) (agentjob_watches{{{_JOB}}})",
                    "{{resource}}",
                ),
            ),
            Unit.PER_MINUTE,
        ),
        Panel(
            "Leases",
            "Requests of the leader election, by replica: each renews or looks every few seconds.",
            (Query(f'sum by (instance, verb) (rate(rest_client_requests_total{{{_JOB}, resource="leases"}}[$__rate_interval]))', "{{instance}} {{verb}}"),),
            Unit.PER_SECOND,
        ),
        Panel(
            "Clock skew",
            "How far a replica's clock is ahead of the API server's and of the object store's; beyond 30 seconds theirs is used. Correct it.",
            (Query(f"max by (instance, peer) (agentjob_clock_skew_seconds{{{_JOB}}})", "{{instance}} {{peer}}"),),
            Unit.SECONDS,
        ),
    ),
)  # fmt: skip
_UPKEEP: Final = Row(
    "Finished AgentJobs",
    (
        Panel(
            "Upkeep",
            "Download URLs signed again, AgentJobs deleted after their TTL, and tries of either that failed.",
            (
                Query(f"60 * sum(rate(agentjob_url_renewals_total{{{_JOB}}}[$__rate_interval]))", "URLs renewed"),
                Query(f"60 * sum(rate(agentjob_expired_total{{{_JOB}}}[$__rate_interval]))", "expired"),
                Query(f"60 * sum(rate(agentjob_sweep_failures_total{{{_JOB}}}[$__rate_interval]))", "failed"),
            ),
            Unit.PER_MINUTE,
        ),
        Panel(
            "CPU",
            "Of each replica, in cores.",
            (Query(f"sum by (instance) (rate(process_cpu_seconds_total{{{_JOB}}}[$__rate_interval]))", "{{instance}}"),),
            Unit.CPUS,
        ),
        Panel(
            "Memory",
            "Resident, of each replica.",
            (Query(f"sum by (instance) (process_resident_memory_bytes{{{_JOB}}})", "{{instance}}"),),
            Unit.BYTES,
        ),
    ),
)  # fmt: skip
OPERATOR: Final = Dashboard(
    "agentjob-operator",
    "AgentJob / Operator",
    "Whether the operator works: leader, queue, requests to the API server, resources.",
    (_NOW, _RECONCILES, _API, _UPKEEP),
)
