"""The cluster's control groups: one folder in every hierarchy, which the kubelet fills."""

from __future__ import annotations

import time
from pathlib import Path

from cluster.embedded import layout
from cluster.errors import ClusterError

_ROOT = Path("/sys/fs/cgroup")
_REMOVAL_SECONDS = 15.0


def _hierarchies() -> list[Path]:
    if (_ROOT / "cgroup.controllers").exists():
        return [_ROOT]
    return [
        folder for folder in sorted(_ROOT.iterdir()) if (folder / "cgroup.procs").exists() and not folder.is_symlink()
    ]


def prepare() -> None:
    """Makes the cluster's folder in every hierarchy: the kubelet refuses a `cgroupRoot` that is not there."""
    for hierarchy in _hierarchies():
        if (hierarchy / "cgroup.subtree_control").exists() and hierarchy == _ROOT:
            _delegate(hierarchy)
        folder = hierarchy / layout.CGROUP
        folder.mkdir(exist_ok=True)
        _inherit_cpuset(hierarchy, folder)


def _delegate(root: Path) -> None:
    # cgroup v2: a child has only the controllers that its parent passes on.
    for controller in (root / "cgroup.controllers").read_text().split():
        (root / "cgroup.subtree_control").write_text(f"+{controller}")


def _inherit_cpuset(hierarchy: Path, folder: Path) -> None:
    # cgroup v1: a new cpuset is empty, and no process can enter it.
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (folder / name).exists() and not (folder / name).read_text().strip():
            (folder / name).write_text((hierarchy / name).read_text())


def remove() -> None:
    """Removes the cluster's folders, deepest first; ClusterError names one that stays busy for 15 seconds."""
    deadline = time.monotonic() + _REMOVAL_SECONDS
    for hierarchy in _hierarchies():
        top = hierarchy / layout.CGROUP
        while top.exists():
            busy = _remove_tree(top)
            if busy is not None and time.monotonic() > deadline:
                raise ClusterError(f"cannot remove the control group {top}: {busy}")
            time.sleep(0.05)


def _remove_tree(top: Path) -> OSError | None:
    busy: OSError | None = None
    for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
        busy = _remove_folder(folder) or busy
    return _remove_folder(top) or busy


def _remove_folder(folder: Path) -> OSError | None:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return None
    except OSError as error:  # EBUSY while the kernel still takes its last processes apart
        return error
    return None
