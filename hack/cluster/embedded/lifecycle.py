"""Up and down of the embedded cluster. Nothing is remembered outside the system itself: every step can be repeated."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cluster import console, paths, prerequisites, toolbuild
from cluster.embedded import addons, cgroups, discovery, images, imagestore, material, network
from cluster.embedded.access import DATA, api_answers, require_supervisor
from cluster.embedded.supervisor import MODULE
from cluster.errors import ClusterError
from cluster.toolset import EMBEDDED_MODULES

_START_SECONDS = 120.0
_RECOVERY_SECONDS = 30.0


def up(*, audited: bool, egress: bool, replace: bool) -> dict[str, Path]:
    """Brings the cluster up, or into the wanted state; returns when the node is Ready and the DNS serves.

    `replace` ends a cluster of another checkout: a machine has room for one. Returns the tools' binaries.
    """
    prerequisites.check_embedded()
    binaries = toolbuild.ensure(EMBEDDED_MODULES)
    _make_room(replace=replace)
    if not _runs_as_wanted(binaries, audited=audited):
        with console.step("starting Kubernetes (etcd, containerd, control plane, node)"):
            clear()
            _start(binaries, audited=audited)
            wait_for("the API server", api_answers, _START_SECONDS)
    supervisor = require_supervisor()
    with console.step("loading the cluster's own images"):
        wait_for("containerd", lambda: images.answers(supervisor), _RECOVERY_SECONDS)
        images.ensure_system_images(supervisor)
    with console.step("waiting for the node and the DNS"):
        addons.switch_way_out(supervisor, wanted=egress)
        addons.install_dns(binaries["kubectl"], with_outside=egress)
        wait_for("the node", lambda: addons.node_is_ready(binaries["kubectl"]), _START_SECONDS)
        wait_for("the DNS", lambda: addons.dns_serves(binaries["kubectl"]), _START_SECONDS)
    return binaries


def clear() -> None:
    """Ends the cluster and removes everything it made outside its own namespaces; harmless when there is none."""
    discovery.kill(DATA.root)
    if not discovery.running():  # else the link and the control groups are another checkout's
        network.disconnect()
        cgroups.remove()
    if DATA.root.exists():
        imagestore.keep(DATA.containerd)
        shutil.rmtree(DATA.root)


def wait_for(what: str, is_ready: Callable[[], bool], seconds: float) -> None:
    """Polls until it is ready; ClusterError that names the logs when the time is up or the supervisor has ended."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if discovery.find(DATA.root).supervisor is None:
            tail = (DATA.logs / "supervisor.log").read_text(errors="replace")[-2000:]
            raise ClusterError(f"the cluster ended while it waited for {what}:\n{tail}")
        if time.monotonic() > deadline:
            raise ClusterError(f"{what} was not ready after {seconds:.0f} s; the logs are in {DATA.logs}")
        time.sleep(0.2)


def _make_room(*, replace: bool) -> None:
    for data in discovery.running():
        if data == DATA.root:
            continue
        if not replace:
            raise ClusterError(
                f"an embedded cluster of another checkout runs on {data.parent}, and there is room for one: "
                "end it with `make cluster-down` there, or take its place with `up --replace`"
            )
        console.say(f"ending the cluster of another checkout, {data.parent}")
        discovery.kill(data)
        if (data / "components.json").is_file():
            shutil.rmtree(data.parent)


def _runs_as_wanted(binaries: dict[str, Path], *, audited: bool) -> bool:
    if discovery.find(DATA.root).supervisor is None or not network.link_exists():
        return False
    # A cluster with an audit log also serves those who did not ask for one.
    variants = [True] if audited else [False, True]
    if not any(material.matches(DATA, _configuration(binaries, audited=variant)) for variant in variants):
        console.say("the running cluster has another configuration; starting it anew")
        return False
    if api_answers():
        return True
    console.say("the running cluster does not answer; giving it time to recover")
    try:
        wait_for("the API server", api_answers, _RECOVERY_SECONDS)
    except ClusterError as error:
        console.say(f"starting it anew: {error}")
        return False
    return True


def _configuration(binaries: dict[str, Path], *, audited: bool) -> dict[str, str]:
    containerd = shutil.which("containerd")
    if containerd is None:
        raise ClusterError("containerd is missing; `make prereqs` installs it")
    return material.configuration(binaries, Path(containerd), audited=audited)


def _start(binaries: dict[str, Path], *, audited: bool) -> None:
    material.write(DATA, _configuration(binaries, audited=audited))
    imagestore.take(DATA.containerd)
    cgroups.prepare()
    launcher = _launch()
    deadline = time.monotonic() + _START_SECONDS
    while (supervisor := discovery.find(DATA.root).supervisor) is None:
        if launcher.poll() is not None or time.monotonic() > deadline:
            log = (DATA.logs / "supervisor.log").read_text(errors="replace")
            raise ClusterError(f"the cluster's namespaces cannot be made here:\n{log}")
        time.sleep(0.02)
    network.connect(supervisor)


def _launch() -> subprocess.Popen[bytes]:
    # Everything dies with the supervisor (first process of the PID namespace), and it with `unshare` (--kill-child).
    namespaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(Path.home()),
        "PYTHONPATH": str(paths.REPOSITORY / "hack"),
        "TMPDIR": "/run",
        # Kubernetes shares its processors with what it runs here: less collecting of garbage, for some memory.
        "GOGC": "300",
    }
    with (DATA.logs / "supervisor.log").open("ab") as log:
        return subprocess.Popen(
            [*namespaces, sys.executable, "-m", MODULE, str(DATA.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
