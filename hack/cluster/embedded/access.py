"""How this checkout's embedded cluster is reached from the host."""

from __future__ import annotations

from pathlib import Path

from cluster import paths, probe
from cluster.embedded import discovery
from cluster.embedded.layout import API_URL, DataFolder
from cluster.errors import ClusterError

DATA = DataFolder(paths.CLUSTER_FOLDER / "data")
ADMIN_KUBECONFIG = DATA.certificates / "admin.kubeconfig"


def require_supervisor() -> int:
    """The process id of the cluster's supervisor; ClusterError when the cluster is not running."""
    supervisor = discovery.find(DATA.root).supervisor
    if supervisor is None:
        raise ClusterError("the cluster is not running; start it with `make cluster-up`")
    return supervisor


def as_admin(kubectl: Path) -> list[str]:
    """The command line of kubectl as the administrator, without its verb.

    It ends with whoever called it: of a cluster that went away in the middle nobody closes the connection.
    """
    return ["setpriv", "--pdeathsig", "KILL", str(kubectl), "--kubeconfig", str(ADMIN_KUBECONFIG)]


def api_answers() -> bool:
    """Whether the API server says that it is ready."""
    return not probe.failure(f"{API_URL}/readyz", DATA.certificates / "ca.crt")
