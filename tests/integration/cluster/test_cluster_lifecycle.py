"""The embedded cluster from nothing to nothing, killed at any point: real runs on a machine made of namespaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import paths, prerequisites

_HERE = Path(__file__).parent
_LIMIT_SECONDS = 300

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0
    or bool(prerequisites.missing_packages())
    or not Path("/sys/fs/cgroup/memory/cgroup.procs").exists(),
    reason="needs root, the packages of the embedded cluster, and cgroup v1 for a machine within the machine",
)

_SCENARIOS = {
    "up, up again, down, up with the images of before, down, down again": """
        kept=$XDG_CACHE_HOME/agentjob/containerd
        cluster up; ready; [ ! -e $kept ]
        cluster up; ready
        cluster status
        folder=$(stat --format=%i .cluster/data/containerd)
        cluster down; nothing_left down
        [ $(stat --format=%i $kept) = $folder ]
        date > ended
        cluster up; ready
        [ $(stat --format=%i .cluster/data/containerd) = $folder ]
        find .cluster/data/containerd/io.containerd.grpc.v1.cri/sandboxes/* -maxdepth 0 ! -newer ended > old
        [ ! -s old ] || { echo 'pods of the first cluster:'; cat old; exit 1; }
        touch $kept; cluster down; nothing_left 'images that cannot be kept'
        cluster down; nothing_left 'down twice'
    """,
    "up killed at any point": """
        for seconds in 0.3 1 2 4; do killed_after $seconds up; done
        cluster down; nothing_left 'down after a killed up'
        killed_after 3 up
        cluster up; ready
        killed_after 0.2 down
        cluster up; ready
        cluster down; nothing_left down
    """,
    "every component killed": """
        cluster up
        for name in kubelet containerd kube-apiserver etcd kube-controller-manager kube-scheduler kube-proxy; do
            pkill -KILL --oldest --full "^[^ ]*/$name"
            cluster up; ready
        done
        pkill -KILL --full 'unshare.*cluster.embedded.supervisor'
        cluster up; ready
        pkill -KILL --full '^[^ ]*python.*cluster.embedded.supervisor'
        cluster down; nothing_left 'a killed supervisor and down'
    """,
    "rests of an old machine": """
        ip link add agentjob-host type veth peer name agentjob-node
        ip address add 10.250.0.1/24 dev agentjob-host
        mkdir -p .cluster/data/etcd /sys/fs/cgroup/memory/agentjob/kubepods
        echo KIND=embedded > .cluster/env; echo 1 > .cluster/pid
        cluster up; ready
        rm -rf .cluster
        cluster up; ready
        cluster down; nothing_left 'rests and down'
    """,
    "audit log and way out": """
        cluster up --egress --audit
        grep -q '"level":"Metadata"' .cluster/audit.log
        iptables-save | grep -q agentjob-cluster
        cluster up
        ! iptables-save | grep -q agentjob-cluster
        cluster up --egress
        pkill -KILL --full 'unshare.*cluster.embedded.supervisor'
        cluster down; nothing_left 'way out and down'
    """,
    "cluster of another checkout": """
        cluster up
        cp -r "$PWD" ../other; cd ../other; rm -rf .cluster
        python3 -m cluster up 2>&1 | grep -- --replace
        cluster up --replace; ready
        cd -; [ ! -e .cluster ]; cluster down; cd -; ready
        cluster down; cd -; nothing_left 'both'
    """,
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the cluster needs of this checkout."""
    copy = tmp_path / "checkout"
    for name in ("hack", "manifests"):
        shutil.copytree(paths.REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with the real one's tools and images, but locks of its own: this machine's cluster may be busy."""
    mine = tmp_path / "cache" / "agentjob"
    mine.mkdir(parents=True)
    for name in ("tools", "images"):
        (paths.cache_folder() / name).mkdir(parents=True, exist_ok=True)
        (mine / name).symlink_to(paths.cache_folder() / name)
    return mine.parent


def _remove_control_groups(machine: int) -> None:
    for folder in Path("/sys/fs/cgroup").glob(f"*/agentjob-test-{machine}"):
        folder.rmdir()


@pytest.mark.parametrize("scenario", _SCENARIOS.values(), ids=_SCENARIOS.keys())
def test_cluster_leaves_nothing_behind(scenario: str, checkout: Path, cache: Path, tmp_path: Path) -> None:
    """After each scenario: no process, mount, link, route, rule, control group, socket or file that was not there."""
    work = tmp_path / "work"
    work.mkdir()
    script = f"set -eu\nsource {_HERE / 'checks.sh'}\n{scenario}\necho SCENARIO DONE\n"
    environment = {
        **os.environ,
        "PYTHONPATH": "hack",
        "XDG_CACHE_HOME": str(cache),
        "WORK": str(work),
        "AGENTJOB_CLUSTER": "embedded",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = [str(_HERE / "machine.sh"), "bash", "-c", script]
    with subprocess.Popen(
        command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as machine:
        try:
            output = machine.communicate(timeout=_LIMIT_SECONDS)[0]
        finally:
            machine.kill()
    _remove_control_groups(machine.pid)
    assert (machine.returncode, output.splitlines()[-1:]) == (0, ["SCENARIO DONE"]), output
