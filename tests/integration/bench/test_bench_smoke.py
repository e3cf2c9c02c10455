"""The benchmark itself, small: it must work when somebody takes the figures again, and its counts hold at any size."""

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def test_a_small_burst_costs_four_writes_each(tmp_path: Path) -> None:
    """API server, scheduler, controllers and simulated nodes as in `make bench`; counts from the audit log, no times."""
    out = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "smoke", "--out", str(out)],
        env={**os.environ, "PYTHONPATH": "hack:crds:operator:agent_runtime"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    burst = json.loads(out.read_text())["burst"]
    writes = {what: n for what, n in burst["requests"].items() if what.split()[0] in ("create", "patch", "delete")}
    assert burst["phases"] == {"Succeeded": 20}
    # Three NetworkPolicies for the namespace, however many AgentJobs it has.
    once = {"create networkpolicies": 3}
    assert writes == {"create jobs": 20, "create secrets": 20, "patch agentjobs/status": 40} | once
    assert burst["refused"] == {}
