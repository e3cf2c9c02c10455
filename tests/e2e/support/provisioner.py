"""A real provisioner of volumes: rancher's local-path-provisioner, for as long as a test wants it."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.toolbuild import ensure_binaries

from e2e.support import shell
from e2e.support.paths import E2E, KUBECONFIG

CLASS = "agentjob-e2e"
NAMESPACE = "agentjob-volumes"
_MANIFEST = str(E2E / "manifests" / "volumes.yaml")


def prepare() -> None:
    """The StorageClass and what the provisioner needs. A claim of the class waits until it runs."""
    shell.kubectl("apply", "-f", _MANIFEST)


def remove() -> None:
    """Everything again."""
    shell.kubectl("delete", "--ignore-not-found", "-f", _MANIFEST)


@contextmanager
def running() -> Iterator[None]:
    """A process beside the cluster, ended at exit; its log is told when it had ended by itself."""
    command = [str(ensure_binaries("local-path-provisioner")["local-path-provisioner"]), "start"]
    command += ["--kubeconfig", str(KUBECONFIG), "--namespace", NAMESPACE]
    with tempfile.TemporaryFile() as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield
            if process.poll() is not None:
                log.seek(0)
                raise AssertionError(f"the provisioner ended: {log.read().decode(errors='replace')[-2000:]}")
        finally:
            process.terminate()
