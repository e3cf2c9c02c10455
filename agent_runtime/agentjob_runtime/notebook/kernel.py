"""Starts an IPython kernel in the image's Python, where it finds the agent's packages: `python3 -I -B kernel.py -f CONNECTION`.

The agent is hostile and the kernel can read the notebook's token: nothing that the agent wrote may run because a kernel starts. So no
interpreter of the agent's is started, no `site` hook of its environments is run (`.pth` lines with code, `sitecustomize`), and its
folders come into the path when everything of IPython's own is loaded, behind the standard library. What a person imports in a
cell then runs, as it does from the workspace.

Standard library only, until Jupyter's packages are in the path.
"""

import importlib
import os
import site
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

WORKSPACE: Final = "/workspace"
AGENT_HOME: Final = "/run/agentjob-home"
JUPYTER: Final = "/opt/agentjob/jupyter"
EARLY: Final = ("debugpy", "jedi", "comm", "ipykernel.comm", "IPython.core.completer", "IPython.core.inputtransformer2")
"""What IPython would import later, when the agent's folders are in the path."""
MAX_PTH_BYTES: Final = 1 << 16


def site_packages(environment: Path) -> Path:
    """Where the packages of a virtual environment, or of `pip install --user`, lie that fit this version of Python."""
    return environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def environments(workspace: Path, home: Path, agent_home: Path) -> list[Path]:
    """Those of the person who works in the notebook first; then in the order in which the agent's tools look."""
    return [home / ".local", home / ".venv", workspace / ".venv", agent_home / ".venv", agent_home / ".local"]


def folders(found: Iterable[Path]) -> list[str]:
    """What of these environments belongs into the path: their packages, and the folders that a `.pth` file of theirs names."""
    packages = [folder for folder in map(site_packages, found) if folder.is_dir()]
    named = [str(path) for folder in packages for file in sorted(folder.glob("*.pth")) for path in named_in(file)]
    return list(dict.fromkeys([*map(str, packages), *named]))


def named_in(pth: Path) -> list[Path]:
    """The existing folders in a `.pth` file (editable installs); lines with code are left out, and what is no ordinary text."""
    try:
        # Non-blocking: a FIFO in its place would hold the kernel.
        opened = os.open(pth, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            text = file.read(MAX_PTH_BYTES).decode() if stat.S_ISREG(os.fstat(opened).st_mode) else ""
        lines = [line.strip() for line in text.splitlines()]
        paths = [pth.parent / line for line in lines if line and not line.startswith(("#", "import ", "import\t"))]
        return [path for path in paths if path.is_dir()]
    except (OSError, ValueError) as error:
        print(f"kernel: {pth} is left out: {error}", file=sys.stderr)
        return []


def add_to_path(path: list[str], added: list[str]) -> None:
    """In front of the image's packages, behind the standard library: what the agent installed wins over what the image brings."""
    position = next((n for n, entry in enumerate(path) if Path(entry).name.endswith("-packages")), len(path))
    path[position:position] = added


def main() -> None:
    """Runs the kernel until Jupyter ends it. Raises `ImportError` when the image is broken."""
    folder = str(Path.cwd())
    os.chdir("/")  # IPython looks for settings where it starts
    site.addsitedir(str(site_packages(Path(JUPYTER))))
    kernelapp = importlib.import_module("ipykernel.kernelapp")
    application = kernelapp.IPKernelApp.instance(ignore_cwd=True)
    application.initialize(sys.argv[1:])
    for name in EARLY:
        importlib.import_module(name)
    os.chdir(folder)
    found = environments(Path(WORKSPACE), Path.home(), Path(AGENT_HOME))
    # The notebook's own folder, and the workspace for notebooks that lie deeper.
    add_to_path(sys.path, ["", WORKSPACE, *folders(found)])
    application.start()


if __name__ == "__main__":
    main()
