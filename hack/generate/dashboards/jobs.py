"""AgentJobs: how many, how long each part takes, how they end, what the models cost.

Histograms and the metrics by reason have no namespace: the variable does not filter those panels, and their descriptions say so.
"""

from typing import Final

from generate.dashboards.grafana import Dashboard, Panel, Query, Row, Unit, View, label_values

_NAMESPACE: Final = 'namespace=~"$namespace"'
_ALL: Final = "Of all namespaces."


def _stat(title: str, description: str, expr: str, unit: Unit = Unit.COUNT) -> Panel:
    return Panel(title, description, (Query(expr),), unit, View.STAT, 4)


def _durations(metric: str, by: str = "") -> tuple[Query, ...]:
    labels, legend = (f", {by}", f"{{{{{by}}}}} ") if by else ("", "")
    return tuple(
        Query(
            f"histogram_quantile({quantile}, sum by (le{labels}) (rate({metric}_bucket[$__rate_interval])))",
            f"{legend}p{round(float(quantile) * 100)}",
        )
        for quantile in ("0.5", "0.95")
    )


_NOW: Final = Row(
    "Now, and in the chosen time",
    (
        _stat("Running", "AgentJobs whose agent works.", f'sum(agentjob_jobs{{{_NAMESPACE}, phase="Running"}}) or vector(0)'),
        _stat("Pending", "AgentJobs that have not started yet.", f'sum(agentjob_jobs{{{_NAMESPACE}, phase="Pending"}}) or vector(0)'),
        _stat("Oldest pending", f"How long the oldest pending AgentJob has been waiting. {_ALL}", "max(agentjob_oldest_pending_seconds)", Unit.SECONDS),
        _stat("Ended", "AgentJobs that ended in the chosen time.", f"sum(increase(agentjob_finished_total{{{_NAMESPACE}}}[$__range]))"),
        _stat(
            "Succeeded",
            "Share of those that ended in the chosen time.",
            f'sum(increase(agentjob_finished_total{{{_NAMESPACE}, phase="Succeeded"}}[$__range]))'
            f" / sum(increase(agentjob_finished_total{{{_NAMESPACE}}}[$__range]))",
            Unit.SHARE,
        ),
        _stat("Cost", "US dollars in the chosen time, by the prices of the models.", f"sum(increase(agentjob_model_cost_usd_total{{{_NAMESPACE}}}[$__range]))", Unit.DOLLARS),
    ),
    height=4,
)  # fmt: skip
_FLOW: Final = Row(
    "Flow",
    (
        Panel(
            "AgentJobs",
            "Not finished, by phase.",
            (Query(f"sum by (phase) (agentjob_jobs{{{_NAMESPACE}}})", "{{phase}}"),),
            view=View.STACKED,
        ),
        Panel(
            "Created and ended",
            "Taken up by the operator, and at their end by phase.",
            (
                Query(f"60 * sum by (engine) (rate(agentjob_created_total{{{_NAMESPACE}}}[$__rate_interval]))", "created {{engine}}"),
                Query(f"60 * sum by (phase) (rate(agentjob_finished_total{{{_NAMESPACE}}}[$__rate_interval]))", "{{phase}}"),
            ),
            Unit.PER_MINUTE,
        ),
        Panel(
            "Pending, by what they wait for",
            f"Reasons are explained in docs/api-reference.md. {_ALL}",
            (Query("sum by (reason) (agentjob_pending_jobs)", "{{reason}}"),),
            view=View.STACKED,
        ),
        Panel(
            "Ends by reason",
            "In the chosen time.",
            (Query(f"sum by (reason) (increase(agentjob_finished_total{{{_NAMESPACE}}}[$__range]))", "{{reason}}"),),
            view=View.BARS,
        ),
        Panel(
            "Ends by namespace",
            "In the chosen time.",
            (Query(f"sum by (namespace) (increase(agentjob_finished_total{{{_NAMESPACE}}}[$__range]))", "{{namespace}}"),),
            view=View.BARS,
        ),
        Panel(
            "The platform's failures and retries",
            f"Failures that are neither the agent's nor its budgets' nor its spec's fault, and attempts that another one follows. {_ALL}",
            (
                Query("60 * sum by (reason) (rate(agentjob_platform_failures_total[$__rate_interval]))", "failed: {{reason}}"),
                Query("60 * sum by (reason) (rate(agentjob_retries_total[$__rate_interval]))", "retried: {{reason}}"),
            ),
            Unit.PER_MINUTE,
        ),
    ),
)  # fmt: skip
_DURATIONS: Final = Row(
    "How long it takes",
    (
        Panel("Queue wait", f"From an AgentJob's creation to its first Job. The API's times are whole seconds. {_ALL}", _durations("agentjob_queue_wait_duration_seconds"), Unit.SECONDS),
        Panel("Start", f"From the Job to the agent's start: scheduling, images, prepare. {_ALL}", _durations("agentjob_start_duration_seconds"), Unit.SECONDS),
        Panel("Run", f"From the agent's start to its end, by engine. {_ALL}", _durations("agentjob_run_duration_seconds", "engine"), Unit.SECONDS),
        Panel("Archive", f"Packing the workspace, by format. {_ALL}", _durations("agentjob_archive_duration_seconds", "format"), Unit.SECONDS),
        Panel("Upload", f"Of the archive, retries included. {_ALL}", _durations("agentjob_upload_duration_seconds"), Unit.SECONDS),
        Panel(
            "Archived bytes",
            "By format; booked when an attempt ends.",
            (Query(f"sum by (format) (rate(agentjob_archive_bytes_total{{{_NAMESPACE}}}[$__rate_interval]))", "{{format}}"),),
            Unit.BYTES_PER_SECOND,
        ),
    ),
)  # fmt: skip
_COST: Final = Row(
    "Models and cost",
    (
        Panel(
            "Tokens",
            "By model and direction, as the model proxies counted them; booked when an attempt ends.",
            (Query(f"60 * sum by (model, type) (rate(agentjob_model_tokens_total{{{_NAMESPACE}}}[$__rate_interval]))", "{{model}} {{type}}"),),
            Unit.PER_MINUTE,
            View.STACKED,
        ),
        Panel(
            "Cost per hour",
            "US dollars by model; 0 without prices.",
            (Query(f"3600 * sum by (model) (rate(agentjob_model_cost_usd_total{{{_NAMESPACE}}}[$__rate_interval]))", "{{model}}"),),
            Unit.DOLLARS,
            View.STACKED,
        ),
        Panel("Calls of models", _ALL, (Query("60 * sum by (model) (rate(agentjob_model_requests_total[$__rate_interval]))", "{{model}}"),), Unit.PER_MINUTE),
        Panel(
            "Cost by model",
            "US dollars in the chosen time.",
            (Query(f"sum by (model) (increase(agentjob_model_cost_usd_total{{{_NAMESPACE}}}[$__range]))", "{{model}}"),),
            Unit.DOLLARS,
            View.BARS,
        ),
        Panel(
            "Cost by namespace",
            "US dollars in the chosen time.",
            (Query(f"sum by (namespace) (increase(agentjob_model_cost_usd_total{{{_NAMESPACE}}}[$__range]))", "{{namespace}}"),),
            Unit.DOLLARS,
            View.BARS,
        ),
        Panel(
            "Cost of an AgentJob",
            "Mean in US dollars of those that ended in the chosen time, failed ones included.",
            (
                Query(
                    f"sum(increase(agentjob_model_cost_usd_total{{{_NAMESPACE}}}[$__range]))"
                    f" / sum(increase(agentjob_finished_total{{{_NAMESPACE}}}[$__range]))"
                ),
            ),
            Unit.DOLLARS,
            View.STAT,
            4,
        ),
        Panel(
            "Budgets exceeded",
            f"AgentJobs that spent clearly more than a limit allows, in the chosen time: none, if budgets hold. {_ALL}",
            (Query("sum(increase(agentjob_budget_overruns_total[$__range]))"),),
            view=View.STAT,
            width=4,
            red_from=1,
        ),
    ),
)  # fmt: skip
_ARCHIVES: Final = Row(
    "Work that was lost",
    (
        Panel(
            "Attempts without an archive",
            f"Their agent ran, and no verified archive is left, by reason. {_ALL}",
            (Query("60 * sum by (reason) (rate(agentjob_archive_failures_total[$__rate_interval]))", "{{reason}}"),),
            Unit.PER_MINUTE,
            width=24,
        ),
    ),
)
JOBS: Final = Dashboard(
    "agentjob-jobs",
    "AgentJob / Jobs and cost",
    "How many AgentJobs, how long they take, how they end, what they cost.",
    (_NOW, _FLOW, _DURATIONS, _COST, _ARCHIVES),
    (label_values("namespace", "namespace", "agentjob_created_total", "Namespaces of the AgentJobs."),),
)
