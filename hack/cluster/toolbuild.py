"""Builds the pinned Go tools into the cache: at most once per version, whole or not at all.

A module's binaries lie in `<cache>/tools/<module>-<key>/`. They are built into a folder beside it that is renamed when
all are there, under a lock: a kill at any moment leaves either nothing or a leftover that the next build removes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cluster import console, paths
from cluster.errors import ClusterError, PrerequisiteError
from cluster.locking import exclusive
from cluster.toolset import ToolModule, modules_of

_BUILD_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")


def cache_key(module: ToolModule, sources: Path) -> str:
    """Twelve hex digits over everything that decides what is built: pins, sources of our own, packages, linked values and flags."""
    digest = hashlib.sha256()
    for path in (sources / "go.mod", sources / "go.sum", *sorted(sources.glob("*.go"))):
        digest.update(path.read_bytes())
    digest.update(repr((sorted(module.packages.items()), module.linker_flags, _BUILD_FLAGS)).encode())
    return digest.hexdigest()[:12]


def folder_of(module: ToolModule) -> Path:
    """Where the module's binaries of the pinned version lie, whether they are built or not."""
    return paths.cache_folder() / "tools" / f"{module.name}-{cache_key(module, paths.TOOL_MODULES / module.name)}"


def required_go(go_mod_text: str) -> tuple[int, int]:
    """The Go version (major, minor) that a go.mod asks for; ClusterError when it has no `go` line."""
    found = re.search(r"^go (\d+)\.(\d+)", go_mod_text, re.MULTILINE)
    if found is None:
        raise ClusterError("a go.mod under hack/tools has no `go` line")
    return int(found[1]), int(found[2])


def ensure(modules: Iterable[ToolModule]) -> dict[str, Path]:
    """Builds what is not cached yet; returns the path of every binary of `modules` by its name."""
    wanted = list(modules)
    missing = [module for module in wanted if not folder_of(module).is_dir()]
    total = sum(len(module.packages) for module in missing)
    number = 1
    for module in missing:
        with exclusive(paths.cache_folder() / "tools" / f"{module.name}.lock", f"building {module.name}"):
            if not folder_of(module).is_dir():
                _build(module, number, total)
        number += len(module.packages)
    return {binary: folder_of(module) / binary for module in wanted for binary in module.packages}


def ensure_binaries(*binaries: str) -> dict[str, Path]:
    """Like `ensure`, by the names of the binaries wanted."""
    built = ensure(modules_of(list(binaries)))
    return {binary: built[binary] for binary in binaries}


def module_folder(name: str, path: str) -> Path:
    """The files of the Go module `path` at the version that `hack/tools/<name>` pins, in Go's own cache; ClusterError without them."""
    command = ["go", "mod", "download", "-json", path]
    environment = {**os.environ, "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    done = subprocess.run(
        command, cwd=paths.TOOL_MODULES / name, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])


def _build(module: ToolModule, first: int, total: int) -> None:
    sources, target = paths.TOOL_MODULES / module.name, folder_of(module)
    _check_go(sources)
    _remove_leftovers(target.parent, module)
    building = Path(tempfile.mkdtemp(prefix=f".{module.name}.building.", dir=target.parent))
    for number, (binary, package) in enumerate(module.packages.items(), start=first):
        with console.step(f"building {binary} ({number} of {total})"):
            _compile(sources, package, module.linker_flags, building / binary)
    building.chmod(0o755)
    building.rename(target)


def _compile(sources: Path, package: str, linker_flags: str, output: Path) -> None:
    command = ["go", "build", *_BUILD_FLAGS, "-ldflags", linker_flags, "-o", str(output), package]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    done = subprocess.run(command, cwd=sources, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"go build of {output.name} failed:\n{done.stderr.strip()[-4000:]}")


def _check_go(sources: Path) -> None:
    needed = required_go((sources / "go.mod").read_text())
    advice = (
        f"Go {needed[0]}.{needed[1]} or newer is needed to build the cluster's tools: see https://go.dev/doc/install"
    )
    if shutil.which("go") is None:
        raise PrerequisiteError(advice)
    printed = subprocess.run(["go", "env", "GOVERSION"], cwd=sources, capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", printed.stdout.strip())
    if found is None or (int(found[1]), int(found[2])) < needed:
        raise PrerequisiteError(f"{advice} (found: {printed.stdout.strip() or printed.stderr.strip()})")


def _remove_leftovers(folder: Path, module: ToolModule) -> None:
    # The lock is held: whatever another build left here, its process is dead.
    for leftover in folder.glob(f".{module.name}.building.*"):
        shutil.rmtree(leftover)
