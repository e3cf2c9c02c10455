"""The API server's audit log: who did what, one JSON line per finished request, without bodies."""

from __future__ import annotations

import json
from pathlib import Path


def audit_policy_text() -> str:
    """Level Metadata for everything, once per request (no RequestReceived stage)."""
    policy = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }
    return json.dumps(policy, indent=2) + "\n"


def audit_flags(policy: Path, log: Path) -> list[str]:
    """The API server's flags that log to `log` by the policy in the file `policy`."""
    # The readers count lines: no rotation before 10 GB, no truncation.
    return [f"--audit-policy-file={policy}", f"--audit-log-path={log}", "--audit-log-maxsize=10240"]
