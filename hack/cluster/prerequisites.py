"""What has to be installed on the machine, and how."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cluster import console
from cluster.errors import ClusterError, PrerequisiteError
from cluster.kindcluster import docker_answers

# The command that shows that a Debian package is there, by package; None where the package has no command.
_EMBEDDED_PACKAGES: dict[str, Path | str] = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": Path("/usr/lib/cni/bridge"),
    "iptables": "iptables",
    "conntrack": "conntrack",
    "catatonit": "catatonit",
    "iproute2": "ip",
    "ethtool": "ethtool",
    "socat": "socat",
    "util-linux": "unshare",
    "mount": "mount",
    "openssl": "openssl",
    "buildah": "buildah",
    "skopeo": "skopeo",
    "mmdebstrap": "mmdebstrap",
    "golang-go": "go",
    # A process with a wrong clock: the integration tests.
    "faketime": "faketime",
    # A browser before the desktop and the notebook: the end-to-end tests.
    "chromium": "chromium",
    # promtool tests the alerts; prometheus scrapes the operator in the tests.
    "prometheus": "promtool",
}
_ADMINISTRATION_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def extend_path() -> None:
    """Adds the administration commands' folders to PATH: a user's PATH on Debian lacks them."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join([*folders, *(f for f in _ADMINISTRATION_FOLDERS if f not in folders)])


def missing_packages() -> list[str]:
    """The Debian packages that the embedded cluster and the image builder need and that are not there."""
    return [package for package, shown_by in _EMBEDDED_PACKAGES.items() if not _is_there(shown_by)]


def _is_there(shown_by: Path | str) -> bool:
    return shown_by.exists() if isinstance(shown_by, Path) else shutil.which(shown_by) is not None


def install_command(packages: list[str]) -> list[str]:
    """The command that installs Debian packages."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def check_embedded() -> None:
    """PrerequisiteError that says what the embedded cluster lacks here: Linux, root, or packages."""
    if not sys.platform.startswith("linux"):
        raise PrerequisiteError("without Docker the cluster needs Linux; install Docker and run this again")
    if os.geteuid() != 0:
        raise PrerequisiteError(
            "without Docker the cluster runs in namespaces that only root can make: "
            "run this as root (for example `sudo -E make cluster-up`), or install Docker"
        )
    missing = missing_packages()
    if missing:
        raise PrerequisiteError(
            f"missing: {', '.join(missing)}; `make prereqs` installs them on Debian, as does: "
            f"{' '.join(install_command(missing))}"
        )


def install() -> None:
    """Installs the missing packages as root on Debian; PrerequisiteError with the command to run otherwise."""
    if docker_answers():
        console.say("Docker answers: the cluster is kind, and no packages are needed for it")
        return
    missing = missing_packages()
    if not missing:
        console.say("all packages that the embedded cluster needs are installed")
        return
    command = install_command(missing)
    if shutil.which("apt-get") is None:
        raise PrerequisiteError(f"not a Debian system: install what provides {', '.join(missing)}, or install Docker")
    if os.geteuid() != 0:
        raise PrerequisiteError(f"not root; run: sudo apt-get update && sudo {' '.join(command)}")
    with console.step(f"installing {', '.join(missing)}"):
        _apt(["apt-get", "update"])
        _apt(command)


def _apt(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()[-2000:]}")
