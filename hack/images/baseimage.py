"""Debian's base image where no image registry answers: the same tag, made by mmdebstrap from Debian's packages."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from cluster import console
from cluster.commands import finished, run
from cluster.errors import PrerequisiteError

REFERENCE = "docker.io/library/debian:trixie-slim"
_PULL_SECONDS = "20"
_SOURCES = (
    "deb http://deb.debian.org/debian trixie main",
    "deb http://deb.debian.org/debian trixie-updates main",
    "deb http://deb.debian.org/debian-security trixie-security main",
)
# What the slim image leaves out, too.
_EXCLUDED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
_KEPT = "/usr/share/doc/*/copyright"
_DOCKERFILE = 'FROM scratch\nADD base.tar /\nCMD ["bash"]\n'


def ensure() -> None:
    """Has the base image in buildah's store: kept from before, pulled, or made here."""
    if finished(["buildah", "inspect", "--type", "image", REFERENCE]).returncode == 0:
        return
    if finished(["timeout", _PULL_SECONDS, "buildah", "pull", "--quiet", REFERENCE]).returncode == 0:
        return
    with console.step(f"making {REFERENCE} with mmdebstrap: no image registry answers"):
        _make()


def _make() -> None:
    if shutil.which("mmdebstrap") is None:
        raise PrerequisiteError("mmdebstrap is missing; install it with: apt-get install mmdebstrap")
    with tempfile.TemporaryDirectory(prefix="agentjob-base.") as name:
        folder = Path(name)
        options = [f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED]
        options.append(f"--dpkgopt=path-include={_KEPT}")
        # mmdebstrap copies these two from the machine that it runs on.
        options += [f'--customize-hook=rm -f "$1/{file}"' for file in ("etc/hostname", "etc/resolv.conf")]
        tarball = folder / "base.tar"
        run(
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--include=ca-certificates",
            *options,
            "trixie",
            tarball,
            *_SOURCES,
        )
        (folder / "Dockerfile").write_text(_DOCKERFILE)
        run("buildah", "bud", "--quiet", "--isolation=chroot", "--tag", REFERENCE, folder)
