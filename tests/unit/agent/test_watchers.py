"""The threads beside the loop, and the end that comes although the loop hangs."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from agentjob_api.pod import ExitCode
from agentjob_api.reasons import Reason
from agentjob_api.report import AgentResult, Verdict
from agentjob_runtime.agent.disk_usage import available, disk_usage
from agentjob_runtime.agent.ending import Ending
from agentjob_runtime.agent.watch import FULL_SHARE, Volume, volumes_of, watch_end, watch_volume
from agentjob_runtime.common.outcome import Outcome, RunEnded
from agentjob_runtime.common.paths import Paths
from agentjob_runtime.common.stop import Stop
from agentruns.processes import alive
from agentruns.run import ROOT
from modelservers.running import job_config

HANGING = """
import subprocess, sys, threading, time
from pathlib import Path
from agentjob_runtime.agent.ending import Ending
from agentjob_runtime.agent.watch import watch_end
from agentjob_runtime.common.process_tree import become_subreaper
from agentjob_runtime.common.stop import Stop
from agentjob_api.reasons import Reason

become_subreaper()
ending = Ending(Path(sys.argv[1]) / "result.json")
child = subprocess.Popen(["sleep", "300"], start_new_session=True)
(Path(sys.argv[1]) / "pid").write_text(str(child.pid))
stop = Stop()
stop.start_clock(0)
arguments = (stop, ending.done, ending.last_resort, {Reason.TIMEOUT: 0.3})
threading.Thread(target=watch_end, args=arguments, daemon=True).start()
time.sleep(300)
"""
"""A main thread that hangs after its deadline."""


def test_a_hanging_loop_is_ended_from_outside(tmp_path: Path) -> None:
    """The watchdog kills the command, writes the result and exits with the limit's code."""
    environment = {"PYTHONPATH": f"{ROOT / 'crds'}:{ROOT / 'agent_runtime'}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", HANGING, str(tmp_path)], env=environment, timeout=60, check=False)
    assert done.returncode == ExitCode.AGENT_LIMIT
    result = AgentResult.from_json((tmp_path / "result.json").read_bytes())
    assert (result.verdict, result.reason) == (Verdict.LIMIT, Reason.TIMEOUT)
    assert not alive(int((tmp_path / "pid").read_text()))


def test_the_watchdog_leaves_a_run_alone_that_ends_by_itself() -> None:
    """Within its patience nothing is forced."""
    stop, ended, forced = Stop(), threading.Event(), list[Outcome]()
    stop.request(RunEnded.crash(Reason.AGENT_KILLED, "told to stop").outcome)
    thread = threading.Thread(target=watch_end, args=(stop, ended, forced.append), daemon=True)
    thread.start()
    ended.set()
    thread.join(10)
    assert not thread.is_alive()
    assert forced == []


def test_a_volume_that_fills_up_ends_the_run(tmp_path: Path) -> None:
    """At nine tenths, before the kubelet would; a volume without a limit is not walked."""
    (tmp_path / "big").write_bytes(b"x" * 950_000)
    stop = Stop()
    watch_volume(Volume(tmp_path, 1_000_000, "home folder", "resources.agentHome", interval=0.01), stop)
    assert stop.outcome is not None
    assert stop.outcome.reason is Reason.WORKSPACE_FULL
    assert "home folder" in stop.outcome.message
    config = job_config("http://x").replace(tmp_bytes=5)
    paths = Paths.under(tmp_path)
    assert [volume.folder for volume in volumes_of(config, paths)] == [paths.workspace, paths.tmp]


@pytest.mark.parametrize(("free", "full"), [(50_000, True), (10_000_000, False)])
def test_a_file_system_smaller_than_the_limit_counts(tmp_path: Path, free: int, full: bool) -> None:
    """A volume of a provisioner holds less than its size."""
    (tmp_path / "big").write_bytes(b"x" * 950_000)
    volume = Volume(tmp_path, 100_000_000, "workspace", "workspace.size", 0.01, lambda _: free)
    used = disk_usage(tmp_path)
    assert (used > volume.room(used) * FULL_SHARE) is full
    assert "workspace.size is more than its file system has" in volume.full(used, volume.room(used)).message


def test_what_is_available_is_the_file_systems_answer(tmp_path: Path) -> None:
    """As df shows it."""
    shown = subprocess.run(
        ["df", "--block-size=1", "--output=avail", tmp_path], capture_output=True, text=True, check=True
    )
    assert available(tmp_path) == pytest.approx(int(shown.stdout.split()[1]), rel=0.2)


def test_only_the_first_end_is_written(tmp_path: Path) -> None:
    """The loop and the watchdog may come at the same time."""
    ending = Ending(tmp_path / "result.json")
    ending.finish(Outcome(Verdict.SUCCESS, Reason.COMPLETED, "first"))
    ending.finish(Outcome(Verdict.LIMIT, Reason.TIMEOUT, "second"))
    assert AgentResult.from_json((tmp_path / "result.json").read_bytes()).message == "first"


def test_a_long_message_is_cut_to_what_the_report_takes(tmp_path: Path) -> None:
    """At most 4,000 characters."""
    ending = Ending(tmp_path / "result.json")
    ending.finish(Outcome(Verdict.FAILURE, Reason.AGENT_FAILED, "x" * 100_000))
    result = AgentResult.from_json((tmp_path / "result.json").read_bytes())
    assert 3_500 < len(result.message) <= 4_000


def test_disk_usage_counts_blocks_once(tmp_path: Path) -> None:
    """Sparse files by what they hold, hard links once, links and what they lead to not at all."""
    empty = disk_usage(tmp_path)
    (tmp_path / "data").write_bytes(b"x" * 1_000_000)
    one = disk_usage(tmp_path) - empty
    assert 1_000_000 <= one < 1_100_000
    (tmp_path / "again").hardlink_to(tmp_path / "data")
    (tmp_path / "link").symlink_to("/usr")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert disk_usage(tmp_path) - empty < 1_100_000
