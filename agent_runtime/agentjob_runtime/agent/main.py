"""The entry point of the container `agent`: lock, courier, engine, result, in this order.

RunEnded            any end, with its outcome
ConfigError         the operator handed over something unreadable
"""

import os
import signal
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict

from agentjob_runtime.agent import lean_imports
from agentjob_runtime.agent.courier_wait import wait_for_courier
from agentjob_runtime.agent.disk_usage import disk_usage
from agentjob_runtime.agent.ending import Ending
from agentjob_runtime.agent.lock import LockHeldError, take_lock
from agentjob_runtime.agent.log import log
from agentjob_runtime.agent.watch import Volume, start_watchers, volumes_of
from agentjob_runtime.common.clock import rfc3339
from agentjob_runtime.common.config import ConfigError, read_job_config, read_task
from agentjob_runtime.common.outcome import Outcome, RunEnded
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.process_tree import become_subreaper
from agentjob_runtime.common.stop import Stop
from agentjob_runtime.engines.base import Job
from agentjob_runtime.engines.create import create_engine
from agentjob_runtime.events.writer import EventWriter
from agentjob_runtime.services.probe import QUESTIONS
from agentjob_runtime.services.wait import wait_for_services


def main() -> int:
    """Runs the agent; returns `agentjob_api.pod.ExitCode` by its verdict."""
    sys.excepthook = exit_as_crash
    lean_imports.install()
    become_subreaper()
    paths = Paths.from_env()
    try:
        lock = take_lock(paths.lock)
    except (LockHeldError, OSError) as error:
        # Not a code of an agent that told the courier that it started: the operator would wait for the courier to pack.
        log(f"the lock cannot be taken: {error}")
        return ExitCode.CONFIG
    try:
        return run_agent(paths)
    finally:
        os.close(lock)


def exit_as_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error that nobody foresaw: its traceback goes to the log, and the exit code is the contract's."""
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(ExitCode.AGENT_CRASH)


def run_agent(paths: Paths) -> int:
    """Everything that is done under the lock. `started` and a result are there whatever happens: the courier waits for them."""
    ending, stop = Ending(paths.agent_result), Stop()
    outcome = Outcome(Verdict.CRASH, Reason.AGENT_CRASHED, "The agent's runtime failed.")
    try:
        outcome = work(paths, ending, stop)
    except RunEnded as end:
        outcome = end.outcome
    except ConfigError as error:
        outcome = Outcome(Verdict.CRASH, Reason.AGENT_CRASHED, str(error))
        log(outcome.message)
        return ExitCode.CONFIG
    finally:
        if unforeseen := sys.exception():
            outcome = outcome_of(unforeseen, stop, outcome)
        if not ending.started:
            write_started(paths.started)
        ending.finish(outcome)
    return outcome.exit_code


def outcome_of(error: BaseException, stop: Stop, crashed: Outcome) -> Outcome:
    """How a run ended that nobody foresaw. SIGTERM breaks into whatever runs: what a library makes of that is no crash of the agent."""
    told = stop.outcome
    said = told if told is not None and told.verdict is Verdict.CRASH else crashed
    return Outcome(Verdict.CRASH, said.reason, f"{said.message} {type(error).__name__}: {error}")


def work(paths: Paths, ending: Ending, stop: Stop) -> Outcome:
    """The engine's outcome. Raises `RunEnded`, `ConfigError`, `SessionCorruptError` or `OSError`."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.on_signal)
    config, task = read_job_config(paths.config), read_task(paths.task)
    ending.events = EventWriter(paths.events)
    ending.engine = create_engine(
        Job(config, task, paths, stop, ending.events)
    )  # its imports take longer than the courier
    wait_for_courier(paths.courier_ready, stop)
    wait_for_services({name: QUESTIONS[name] for name in config.services}, stop)
    write_started(paths.started)
    ending.started = True
    stop.start_clock(config.limits.timeout_seconds)
    volumes = volumes_of(config, paths)
    start_watchers(volumes, stop, ending.done, ending.last_resort)
    return end_of_volumes(ending.engine.run(), volumes)


def end_of_volumes(outcome: Outcome, volumes: Iterable[Volume]) -> Outcome:
    """The outcome, unless the agent filled a volume faster than its watcher looks."""
    for volume in volumes:
        used = disk_usage(volume.folder)
        if used > volume.limit:
            return volume.full(used, volume.limit)
    return outcome


def write_started(path: Path) -> None:
    """Says since when the agent runs (RFC 3339)."""
    path.write_text(f"{rfc3339()}\n", encoding="utf-8")
