"""Where things lie on the machine that runs the tests."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
E2E = REPOSITORY / "tests" / "e2e"
KUBECONFIG = REPOSITORY / ".cluster" / "kubeconfig"
TOOLS = REPOSITORY / ".cluster" / "bin"
CHART = REPOSITORY / "charts" / "agentjob"
EXAMPLES = REPOSITORY / "manifests" / "examples"
REPOSITORIES = E2E / "repositories"
"""Projects that stand for those of the examples; the Git server serves them."""
ARTIFACTS = REPOSITORY / ".artifacts" / "e2e"
"""What the failed tests of the last session left, one folder each; ignored by git."""


def cache_folder() -> Path:
    """Downloads that outlive the checkout: `${XDG_CACHE_HOME:-~/.cache}/agentjob/e2e`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentjob" / "e2e"
