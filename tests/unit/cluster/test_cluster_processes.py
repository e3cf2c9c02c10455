"""Finding and ending a cluster by its command line, and servers that end with their parent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cluster import processes
from cluster.embedded import discovery
from cluster.embedded.supervisor import MODULE
from cluster.errors import ClusterError

_SLEEP = "import time; time.sleep(120)"


def _pretend_launcher(data: Path) -> subprocess.Popen[bytes]:
    """A process whose command line ends as that of a cluster's launcher."""
    return subprocess.Popen([sys.executable, "-c", _SLEEP, "-m", MODULE, str(data)])


def test_cluster_is_found_by_its_folder_and_killed(tmp_path: Path) -> None:
    """No pid file can be stale where none is needed."""
    with _pretend_launcher(tmp_path / "a") as mine, _pretend_launcher(tmp_path / "b") as other:
        try:
            assert mine.pid in discovery.find(tmp_path / "a").launchers
            assert not discovery.find(tmp_path / "c").launchers
            mine.kill()
            mine.wait(30)
            assert discovery.find(tmp_path / "a") == discovery.NOT_RUNNING
            assert tmp_path / "b" in discovery.running()
        finally:
            mine.kill()
            other.kill()


def test_kill_ends_the_launcher(tmp_path: Path) -> None:
    """`down` returns when the processes are gone, and says whether there were any."""
    script = f"from cluster.embedded import discovery; from pathlib import Path; print(discovery.kill(Path({str(tmp_path)!r})))"
    hack = Path(discovery.__file__).parents[2]
    with _pretend_launcher(tmp_path) as launcher:
        killer = subprocess.Popen([sys.executable, "-c", script], cwd=hack, stdout=subprocess.PIPE, text=True)
        assert launcher.wait(30) == -9
        assert killer.communicate(timeout=30)[0] == "True\n"
    assert discovery.kill(tmp_path) is False


def test_server_ends_with_its_parent(tmp_path: Path) -> None:
    """A test run that is killed must not leave API servers behind."""
    hack = Path(processes.__file__).parents[1]
    script = (
        "import sys; from pathlib import Path; from cluster import processes; "
        f"s = processes.start_server('s', [sys.executable, '-c', {_SLEEP!r}], Path({str(tmp_path / 'log')!r})); "
        "print(s.process.pid, flush=True); import time; time.sleep(120)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=hack, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = Path("/proc") / parent.stdout.readline().strip()
        assert server.exists()
        parent.kill()
    for _ in range(1000):
        if not server.exists() or "(zombie)" in server.joinpath("status").read_text():
            return
        subprocess.run(["sleep", "0.01"], check=True)
    pytest.fail("the server outlived its parent")


def test_server_that_ends_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    """Whoever waits for a server learns why it is not there."""
    command = [sys.executable, "-c", "import sys; sys.exit('no such flag: --frobnicate')"]
    server = processes.start_server("frobnicator", command, tmp_path / "log")
    server.process.wait(30)
    with pytest.raises(ClusterError, match=r"frobnicator ended with exit code 1(?s:.*)no such flag: --frobnicate"):
        server.check_alive()
    server.stop()
