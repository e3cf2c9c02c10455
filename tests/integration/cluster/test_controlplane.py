"""The light API server that the integration tests stand on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cluster import paths
from cluster.controlplane import ControlPlane, control_plane


def _kubectl(cp: ControlPlane, *words: str) -> str:
    command = [str(cp.kubectl), "--kubeconfig", str(cp.kubeconfig), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_pods_are_accepted_without_controllers_and_requests_are_audited(tmp_path: Path) -> None:
    """Tests of the operator create pods by hand and count its API writes in the audit log."""
    with control_plane(tmp_path, audit_log=True) as cp:
        _kubectl(cp, "run", "by-hand", "--image=none")
        assert cp.audit_log is not None
        entries = [json.loads(line) for line in cp.audit_log.read_text().splitlines()]
    created = [e for e in entries if e["verb"] == "create" and e["objectRef"].get("resource") == "pods"]
    assert [e["objectRef"]["name"] for e in created] == ["by-hand"]
    assert {e["stage"] for e in created} == {"ResponseComplete"}
    assert all("requestObject" not in e for e in created)


def test_controllers_make_the_pods_of_a_job(tmp_path: Path) -> None:
    """With controllers a Job gets its pod; as there is no kubelet, it stays Pending."""
    with control_plane(tmp_path, controllers=True) as cp:
        _kubectl(cp, "create", "job", "one", "--image=none")
        _kubectl(cp, "wait", "--for=create", "pod", "--selector=job-name=one", "--timeout=30s")
        assert _kubectl(cp, "get", "pods", "--output=jsonpath={.items[*].status.phase}") == "Pending"


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    """Test sessions run side by side: ports, tokens and data are each one's own."""
    with control_plane(tmp_path / "a") as first, control_plane(tmp_path / "b") as second:
        _kubectl(first, "create", "namespace", "only-here")
        assert "only-here" not in _kubectl(second, "get", "namespaces")
        assert first.admin_token != second.admin_token


def test_servers_end_with_a_killed_test_run(tmp_path: Path) -> None:
    """Nobody is left to stop them: the kernel does."""
    script = (
        "import sys, time; from pathlib import Path; from cluster.controlplane import control_plane\n"
        "with control_plane(Path(sys.argv[1])) as cp:\n"
        "    print(*(server.process.pid for server in cp.servers), flush=True); time.sleep(300)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, cwd=paths.REPOSITORY / "hack", stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        servers = [Path("/proc") / pid for pid in run.stdout.readline().split()]
        assert len(servers) == 2
        run.kill()
    for _ in range(500):
        if not any(_lives(server) for server in servers):
            return
        time.sleep(0.02)
    pytest.fail(f"still running: {servers}")


def _lives(process: Path) -> bool:
    try:
        return "(zombie)" not in process.joinpath("status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
