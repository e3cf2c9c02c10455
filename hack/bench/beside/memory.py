"""Memory of a container as its kernel accounts for it, without what it could drop at once: the kubelet's working set."""

from __future__ import annotations

from bench.beside.jobs import Tenant

READ = (
    "cd /sys/fs/cgroup; if [ -e memory.current ]; then cat memory.current; grep -w ^inactive_file memory.stat; "
    "else cat memory/memory.usage_in_bytes; grep -w ^total_inactive_file memory/memory.stat; fi"
)
"""cgroup v2, else v1: https://docs.kernel.org/admin-guide/cgroup-v2.html, cgroup-v1/memory.html"""
PROCESSES = (
    "for p in /proc/[0-9]*; do awk -v n=\"$(tr '\\0' ' ' < $p/cmdline | cut -c1-60)\" "
    "'/^Pss:/ {s += $2} END {if (s) printf \"%6d KiB  %s\\n\", s, n}' $p/smaps_rollup 2>/dev/null; done; true"
)


def megabytes(tenant: Tenant, pod: str, container: str) -> float:
    """Of one container."""
    current, inactive = tenant.kubectl("exec", pod, "-c", container, "--", "sh", "-c", READ).splitlines()[:2]
    return (int(current) - int(inactive.split()[1])) / 1e6


def processes(tenant: Tenant, pod: str, container: str) -> str:
    """Who has it: the proportional set size of each process, the largest first."""
    lines = tenant.kubectl("exec", pod, "-c", container, "--", "sh", "-c", PROCESSES).splitlines()
    return "\n".join(sorted(lines, reverse=True))
