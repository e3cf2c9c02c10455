"""Prepares the node from inside its namespaces: a `/run` and `/var` of its own, and its end of the link."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from cluster.commands import run
from cluster.embedded import layout
from cluster.errors import ClusterError

_LINK_SECONDS = 60.0


def prepare_mounts(data: Path) -> None:
    """Gives the namespace its own `/run` (tmpfs), with `data` at `/run/agentjob/data`, and catches writes to `/var`.

    The overlay keeps /var readable and sends what kubelet and runc write there (/var/log/pods, /var/log/containers,
    /var/lib/kubelet) into `data`: nothing of it reaches the machine.
    """
    handle = os.open(data, os.O_DIRECTORY)
    run("mount", "--no-mtab", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    inside = layout.INSIDE.root
    inside.mkdir(parents=True)
    run("mount", "--no-mtab", "--bind", f"/proc/{os.getpid()}/fd/{handle}", str(inside))
    os.close(handle)
    for name in ("var", "var-work"):
        (inside / name).mkdir(exist_ok=True)
    options = f"lowerdir=/var,upperdir={inside}/var,workdir={inside}/var-work"
    run("mount", "--no-mtab", "-t", "overlay", "-o", options, "overlay", "/var")
    # Volumes mounted by the kubelet have to reach containerd's containers.
    run("mount", "--no-mtab", "--make-rshared", "/")


def prepare_network() -> None:
    """Waits for the node's end of the link, which the host pushes in, and configures it and the loopback.

    There is no default route: what tries to leave the machine fails at once. `egress` adds one.
    """
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    run("ip", "link", "set", "lo", "up")
    deadline = time.monotonic() + _LINK_SECONDS
    while subprocess.run(["ip", "link", "show", layout.NODE_LINK], capture_output=True, check=False).returncode != 0:
        if time.monotonic() > deadline:
            raise ClusterError(f"the link {layout.NODE_LINK} did not arrive within {_LINK_SECONDS:.0f} s")
        time.sleep(0.02)
    run("ip", "address", "add", f"{layout.NODE_ADDRESS}/{layout.LINK_PREFIX}", "dev", layout.NODE_LINK)
    run("ip", "link", "set", layout.NODE_LINK, "up")
