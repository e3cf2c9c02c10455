"""Starts an IPython kernel in the Python that the agent's code runs in. Standard library only: any interpreter runs this file.

Jupyter's Python runs it first (`choose`): it becomes the workspace's own .venv, or else the image's Python. That one runs it
again (`run`), with IPython's packages behind its own, so that what the agent installed comes first. Where these do not go together,
Jupyter's Python runs the kernel and gets the virtual environment's packages behind its own instead.
"""

import importlib
import os
import site
import sys
from pathlib import Path
from typing import Final

WORKSPACE: Final = "/workspace"
JUPYTER_PYTHON: Final = "/opt/agentjob/jupyter/bin/python"
IMAGE_PYTHON: Final = "/usr/bin/python3"
ENV_STAGE: Final = "AGENTJOB_KERNEL_STAGE"
OWN, BORROWED = "own", "borrowed"


def site_packages(environment: Path) -> list[str]:
    """Folders of packages in a virtual environment that fit this version of Python."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = environment / "lib" / version / "site-packages"
    return [str(folder)] if folder.is_dir() else []


def choose(environments: list[Path]) -> str:
    """The interpreter of the first virtual environment with this version of Python, else the image's."""
    for environment in environments:
        program = environment / "bin/python"
        if os.access(program, os.X_OK) and site_packages(environment):
            return str(program)
    return IMAGE_PYTHON


def become(program: str, stage: str) -> None:
    """Runs this file again in another interpreter, as the same process: Jupyter watches it. Raises `OSError`."""
    os.environ[ENV_STAGE] = stage
    os.execv(program, [program, __file__, *sys.argv[1:]])  # noqa: S606 - words from our own kernel.json


def run(behind: list[str]) -> None:
    """Runs the kernel until it is told to end, with the folders `behind` at the end of the path. Raises `ImportError`."""
    os.environ.pop(ENV_STAGE)
    here = str(Path(__file__).parent)
    sys.path[:] = [entry for entry in sys.path if entry not in {here, WORKSPACE}]
    for folder in behind:
        site.addsitedir(folder)
    # Notebooks in folders of the workspace find its modules, too.
    sys.path.append(WORKSPACE)
    importlib.import_module("ipykernel.kernelapp").launch_new_instance()


def run_own() -> None:
    """Runs the kernel in the interpreter that was chosen, or, where its packages break IPython, in Jupyter's."""
    try:
        run(site_packages(Path(JUPYTER_PYTHON).parents[1]))
    except ImportError as error:
        print(f"kernel: {sys.executable} cannot run IPython ({error}); using Jupyter's Python", file=sys.stderr)
        become(JUPYTER_PYTHON, BORROWED)


def main() -> None:
    """Entry point of each stage."""
    environments = [Path(WORKSPACE, ".venv"), Path.home() / ".venv"]
    stage = os.environ.get(ENV_STAGE)
    if stage is None:
        become(choose(environments), OWN)
    elif stage == BORROWED:
        run([folder for environment in environments for folder in site_packages(environment)])
    else:
        run_own()


if __name__ == "__main__":
    main()
