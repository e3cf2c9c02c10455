"""What a written status counts for. Called once per PATCH that this process wrote, so that no restart and no other leader counts it again.

A PATCH whose answer was lost is counted by nobody; nothing is ever counted twice.
"""

from collections.abc import Callable, Mapping
from typing import Any

from agentjob_api.reasons import Reason
from agentjob_api.report import Report
from agentjob_api.spec import Engine
from agentjob_api.status import TERMINAL_PHASES, AgentJobStatus, ConditionType, Phase, Usage
from agentjob_api.workspace import ArchiveFormat

from agentjob_operator.metrics import definitions as d
from agentjob_operator.metrics.recorder import Recorder
from agentjob_operator.model import Ending, Observed, Plan
from agentjob_operator.objects import AgentJob, moment

TOKEN_TYPES = ("input", "output")
MAX_SECONDS = 86_400.0 * 7
"""Longer ones are no measurement: whoever may create Pods in a namespace can forge a report."""


class AgentJobMetrics:
    """`default_model` is that of AgentJobs that name none."""

    def __init__(self, recorder: Recorder, default_model: str) -> None:
        self._recorder, self._default_model = recorder, default_model

    def written(
        self, agentjob: AgentJob, before: AgentJobStatus, after: AgentJobStatus, observed: Observed, todo: Plan
    ) -> None:
        """`after` took the place of `before`, because of what was `observed` and what is to be done."""
        engine = str(agentjob.spec.get("engine") or Engine.BUILTIN)
        # `phase` is set by the schema's default; this, by the first write alone.
        if before.observed_generation == 0:
            self._created(agentjob, engine)
        if _started(after) and not _started(before):
            self._start(agentjob, before, observed)
        ending = observed.ending
        if ending is not None and (todo.finish is not None or todo.retry is not None):
            self._attempt(agentjob, engine, before, after, ending)
            if todo.retry is not None:
                self._recorder.count(d.RETRIES, str(ending.reason))
        if after.phase in TERMINAL_PHASES and before.phase not in TERMINAL_PHASES:
            self._finished(agentjob, engine, after)

    def _created(self, agentjob: AgentJob, engine: str) -> None:
        self._recorder.count(d.CREATED, agentjob.namespace, engine)
        begin, namespace, model = self._recorder.begin, agentjob.namespace, self._model(agentjob)
        begin(d.FINISHED, namespace, engine, str(Phase.SUCCEEDED), str(Reason.COMPLETED))
        begin(d.ARCHIVE_BYTES, namespace, _format(agentjob))
        begin(d.MODEL_REQUESTS, model)
        begin(d.COST, namespace, model)
        for kind in TOKEN_TYPES:
            begin(d.TOKENS, namespace, model, kind)

    def _finished(self, agentjob: AgentJob, engine: str, after: AgentJobStatus) -> None:
        count = self._recorder.count
        count(d.FINISHED, agentjob.namespace, engine, str(after.phase), str(after.reason))
        if after.phase == Phase.FAILED and after.reason in d.PLATFORM_FAULTS:
            count(d.PLATFORM_FAILURES, str(after.reason))
        for limit in overrun(agentjob.spec.get("limits") or {}, after.usage or Usage()):
            count(d.BUDGET_OVERRUNS, limit)

    def _start(self, agentjob: AgentJob, before: AgentJobStatus, observed: Observed) -> None:
        job = observed.job
        started = observed.agent_started or (observed.ending.agent_started if observed.ending else "")
        if job is None or not started:
            return
        if before.start_time is None and observed.attempt == 1:
            self._recorder.observe(d.QUEUE_WAIT, _seconds(agentjob.created, job.created))
        self._recorder.observe(d.START, _seconds(job.created, started))

    def _attempt(
        self, agentjob: AgentJob, engine: str, before: AgentJobStatus, after: AgentJobStatus, ending: Ending
    ) -> None:
        old, new = before.usage or Usage(), after.usage or Usage()
        count = self._recorder.count
        if ending.agent_started or ending.report is not None:
            self._recorder.observe(d.RUN, min(MAX_SECONDS, new.active_seconds - old.active_seconds), engine)
            self._archive(agentjob, ending)
        if new.requests > old.requests:
            model = self._model(agentjob)
            count(d.MODEL_REQUESTS, model, by=new.requests - old.requests)
            tokens = (new.input_tokens - old.input_tokens, new.output_tokens - old.output_tokens)
            for kind, number in zip(TOKEN_TYPES, tokens, strict=True):
                count(d.TOKENS, agentjob.namespace, model, kind, by=max(0, number))
            count(d.COST, agentjob.namespace, model, by=max(0.0, float(new.cost_usd) - float(old.cost_usd)))

    def _model(self, agentjob: AgentJob) -> str:
        return self._recorder.bounded((agentjob.spec.get("model") or {}).get("name") or self._default_model)

    def _archive(self, agentjob: AgentJob, ending: Ending) -> None:
        format_ = _format(agentjob)
        if ending.archive is None:
            self._recorder.count(d.ARCHIVE_FAILURES, str(ending.archive_reason or d.NO_REPORT))
            return
        self._recorder.count(d.ARCHIVE_BYTES, agentjob.namespace, format_, by=ending.archive.bytes)
        report = ending.report
        if report is not None and (report.archive_milliseconds or report.upload_milliseconds):
            self._recorder.observe(d.ARCHIVE, _milliseconds(report, lambda r: r.archive_milliseconds), format_)
            self._recorder.observe(d.UPLOAD, _milliseconds(report, lambda r: r.upload_milliseconds))


def _format(agentjob: AgentJob) -> str:
    return str((agentjob.spec.get("archive") or {}).get("format") or ArchiveFormat.ZIP)


def overrun(limits: Mapping[str, Any], usage: Usage) -> list[str]:
    """The fields of `limits` that `usage` exceeds by over a tenth, and by more than what an enforcement is late by: the mean of a
    call, as the proxy learns of a call's price when it ends; for the time a minute."""
    calls = max(1, usage.requests)
    tokens, cost = usage.input_tokens + usage.output_tokens, float(usage.cost_usd)
    spent = {
        "tokens": (tokens, tokens / calls),
        "costUSD": (cost, cost / calls),
        "timeoutSeconds": (usage.active_seconds, 60.0),
    }
    return [
        name
        for name, (used, late) in spent.items()
        if (limit := limits.get(name)) is not None and used > float(limit) * 1.1 + late
    ]


def _milliseconds(report: Report, field: Callable[[Report], int]) -> float:
    return min(MAX_SECONDS, field(report) / 1000)


def _started(status: AgentJobStatus) -> bool:
    return any(one.type == ConditionType.STARTED and one.status == "True" for one in status.conditions)


def _seconds(since: str, until: str) -> float:
    return (moment(until) - moment(since)).total_seconds()
