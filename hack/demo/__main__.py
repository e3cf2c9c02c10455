"""`python -m demo`: the steps of the demo, in order. The cluster runs and the images are loaded already (`make demo`)."""

import argparse
import sys
import time

from rich.console import Console
from rich.panel import Panel

from demo.download import download, list_files
from demo.follow import follow
from demo.install import NAMESPACE, install
from demo.shell import ROOT, DemoError, Shell

NAME = "todo-app"
EXAMPLE = "manifests/examples/todo-app.yaml"
NEXT = f"""What to try next (export KUBECONFIG=$PWD/.cluster/kubeconfig; kubectl and helm are in .cluster/bin):
  kubectl -n {NAMESPACE} get agentjobs -o wide
  kubectl -n {NAMESPACE} describe agentjob {NAME}
  kubectl explain agentjob.spec
  kubectl -n {NAMESPACE} apply -f manifests/examples/     # more examples
  make cluster-down                                       # leaves nothing behind"""


def main() -> int:
    """Runs the demo; 1 when a step failed, with a message that says what to do."""
    arguments = _parser().parse_args()
    console = Console(highlight=False)
    shell = Shell(console, NAMESPACE)
    started = time.monotonic()
    try:
        install(shell)
        job = _run_example(shell)
        _show(shell, job)
    except DemoError as error:
        console.print(Panel(str(error), title="The demo stopped", border_style="red"), markup=False)
        return 1
    if arguments.verbose:
        console.print(job["status"])
    console.print(Panel(NEXT, title=f"Done in {time.monotonic() - started:.0f} s", border_style="green"))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make demo",
        description="Installs the operator, applies an AgentJob, follows it, and downloads what it made. With "
        "OPENAI_API_KEY (and optionally OPENAI_BASE_URL, AGENTJOB_MODEL) in the environment it uses that model.",
    )
    parser.add_argument("--verbose", action="store_true", help="print the whole status at the end")
    return parser


def _run_example(shell: Shell) -> dict[str, object]:
    shell.console.rule("[bold]2. Apply an AgentJob and watch it", align="left")
    shell.kubectl("delete", "agentjob", NAME, "--ignore-not-found", "--wait", show=False)
    shell.console.print((ROOT / EXAMPLE).read_text(), style="dim")
    shell.kubectl("apply", "-f", EXAMPLE)
    return follow(shell, NAME)


def _show(shell: Shell, job: dict[str, object]) -> None:
    shell.console.rule("[bold]3. What came of it", align="left")
    shell.console.print(shell.kubectl("get", "agentjobs"))
    status = job["status"]
    if not isinstance(status, dict) or status["phase"] != "Succeeded":
        raise DemoError(f"{NAME} did not succeed; see: kubectl -n {NAMESPACE} describe agentjob {NAME}")
    shell.console.rule("[bold]4. Download the workspace by status.artifacts.downloadURL", align="left")
    list_files(shell.console, download(shell.console, job, ROOT / ".artifacts" / "demo"))


if __name__ == "__main__":
    sys.exit(main())
