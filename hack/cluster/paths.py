"""Where things lie: the repository, the cache outside it, and the cluster's folder inside it (ignored by git)."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TOOL_MODULES = REPOSITORY / "hack" / "tools"
CLUSTER_FOLDER = REPOSITORY / ".cluster"
KUBECONFIG = CLUSTER_FOLDER / "kubeconfig"


def cache_folder() -> Path:
    """`${XDG_CACHE_HOME:-~/.cache}/agentjob`: survives the checkout, may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "agentjob"
