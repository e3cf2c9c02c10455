"""The entry point of the container `courier`."""

import logging
import signal
import time

from agentjob_api.grant import ObjectName
from agentjob_api.job_config import JobConfig
from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import AgentResult, Report, Verdict

from agentjob_runtime.archive.errors import PatternError
from agentjob_runtime.archive.patterns import Excludes, compile_excludes
from agentjob_runtime.common import jsonlog
from agentjob_runtime.common.config import ConfigError, read_job_config
from agentjob_runtime.common.courier_life import live
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.courier.checkpoints import Checkpoints, may_go_on
from agentjob_runtime.courier.delivery import Deliverer, Delivery
from agentjob_runtime.courier.gate import Gate, GateError, wait_for_death, wait_for_start
from agentjob_runtime.courier.outcome import read_result, read_usage
from agentjob_runtime.courier.report import fit, message_of
from agentjob_runtime.courier.requests import CheckpointRequests
from agentjob_runtime.courier.stop import ARCHIVE_SECONDS, RESULT_SECONDS, Stop, StopBudget
from agentjob_runtime.courier.stream import EventStream, StreamBudget
from agentjob_runtime.courier.tail import Tail
from agentjob_runtime.courier.usage import UsageStream
from agentjob_runtime.upload.errors import GrantError, UploadError
from agentjob_runtime.upload.payload import Payload
from agentjob_runtime.upload.uploader import Patience, Uploader

_log = logging.getLogger(__name__)
_NEVER_STARTED = Delivery(None, None, "The pod was stopped before the agent had started: there is nothing to archive.")
_RESULT_PATIENCE = Patience(seconds=600)
_LAST_EVENTS_SECONDS = 30.0
OVERTIME_SECONDS = 120.0
"""Beyond the time limit, at which the agent ends itself. One that lives on was stopped (SIGSTOP) by what it started."""
OVERDUE = AgentResult(
    verdict=Verdict.LIMIT,
    reason=Reason.TIMEOUT,
    message="The agent did not end at limits.timeoutSeconds; its workspace was archived as it was.",
)


def main() -> int:
    """Waits for the agent's end and brings home what it left; returns `agentjob_api.pod.ExitCode`."""
    jsonlog.configure()
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.request)
    signal.signal(signal.SIGINT, stop.request)
    paths = Paths.from_env()
    _live(paths)
    try:
        config = read_job_config(paths.config)
        excludes = compile_excludes(config.archive.exclude)
        gate = Gate.open(paths)
    except (ConfigError, PatternError, GateError) as error:
        _log.error("%s", error)
        paths.termination_log.write_text(str(error)[:500], encoding="utf-8")
        return ExitCode.CONFIG
    return Courier(paths, config, excludes, gate, stop).run()


def _live(paths: Paths) -> None:
    # For the rest of this process's life: what stands beside the agent ends with it.
    try:
        live(paths.courier_life)
    except OSError as error:
        _log.error("desktop and notebook cannot see when this courier ends: %s", error)


class Courier:
    """One attempt's courier, from the agent's start to the report."""

    def __init__(self, paths: Paths, config: JobConfig, excludes: Excludes, gate: Gate, stop: Stop) -> None:
        self._paths, self._config, self._gate, self._stop = paths, config, gate, stop
        uploader = Uploader(paths.upload, StopBudget(stop, ARCHIVE_SECONDS))
        self._deliverer = Deliverer(config, paths, excludes, uploader, stop)
        self._checkpoints = Checkpoints(config, paths, excludes, stop)
        self._requests = CheckpointRequests(paths, self._checkpoints, config.checkpoint_seconds)
        budget = StreamBudget(stop)
        self._stream = EventStream(Tail(gate.events), Uploader(paths.upload, budget), budget)
        self._usage = UsageStream(paths, Uploader(paths.upload, StopBudget(stop, RESULT_SECONDS)))
        self._report_uploader = Uploader(paths.upload, StopBudget(stop, RESULT_SECONDS))
        self._overdue = False

    def run(self) -> int:
        """Everything in its order; the report last."""
        if not wait_for_start(self._paths, self._stop):
            return self._hand_in(_NEVER_STARTED, active=0.0, terminated=True)
        started = time.monotonic()
        _log.info("the agent has started")
        self._stream.start()
        self._usage.start()
        self._requests.start()
        seconds = self._config.limits.timeout_seconds + OVERTIME_SECONDS
        dead = wait_for_death(self._gate, self._stop, seconds)
        self._overdue = not dead and not self._stop.requested
        active, terminated = time.monotonic() - started, self._stop.requested
        _log.info("the agent has ended after %.1f s", active)
        self._usage.close()
        self._checkpoint(terminated=terminated, dead=dead)
        delivery = self._deliverer.deliver()
        self._stream.close(_LAST_EVENTS_SECONDS)
        return self._hand_in(delivery, active, terminated)

    def _checkpoint(self, *, terminated: bool, dead: bool) -> None:
        """Nothing but the archive lies on the courier's volume afterwards."""
        goes_on = may_go_on(read_result(self._paths))
        self._requests.close(needed=goes_on and not terminated)
        # An agent that still lives is at no step's boundary.
        if dead and terminated and goes_on:
            self._checkpoints.take_last()

    def _hand_in(self, delivery: Delivery, active: float, terminated: bool) -> int:
        data = fit(self._report(delivery, active, terminated))
        self._paths.termination_log.write_bytes(data)
        try:
            self._report_uploader.put(ObjectName.RESULT, Payload.of(data), _RESULT_PATIENCE)
        except UploadError as error:
            _log.error("the report is only in the termination message: %s", error)
        return ExitCode.COURIER_ARCHIVE_FAILED if delivery.reason else ExitCode.SUCCESS

    def _report(self, delivery: Delivery, active: float, terminated: bool) -> Report:
        result, usage = OVERDUE if self._overdue else read_result(self._paths), read_usage(self._paths)
        return Report(
            uid=self._config.uid,
            attempt=self._config.attempt,
            verdict=result.verdict,
            reason=None if result.verdict is Verdict.NONE else result.reason,
            message=message_of(result, usage),
            steps=result.steps,
            session_id=result.session_id,
            usage=usage,
            workspace=delivery.workspace,
            archive_reason=delivery.reason,
            archive_message=delivery.message,
            checkpoint=self._checkpoints.stored,
            checkpoint_message=self._checkpoints.message,
            log_key=self._log_key(),
            terminated=terminated,
            active_seconds=int(active),
        )

    def _log_key(self) -> str:
        if not self._stream.segments:
            return ""
        try:
            return self._report_uploader.prefix() + ObjectName.EVENTS
        except GrantError as error:
            _log.error("no log key: %s", error)
            return ""
