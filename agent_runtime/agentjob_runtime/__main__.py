"""`python -m agentjob_runtime <role>`: the one program of every image of the pod. Imports only the role asked for."""

import gc
import importlib
import sys
from typing import Final

from agentjob_api import pod
from agentjob_api.pod import Container, ExitCode

ROLES: Final = {
    Container.MODEL_PROXY: "model_proxy.main",
    Container.PREPARE: "prepare.main",
    Container.AGENT: "agent.main",
    Container.COURIER: "courier.main",
    Container.DESKTOP: "desktop.main",
    Container.NOTEBOOK: "notebook.main",
    pod.ROLE_DESKTOP_READY: "desktop.ready",
    pod.ROLE_NOTEBOOK_READY: "notebook.ready",
    pod.ROLE_POSTGRES: "services.postgres",
    pod.ROLE_REDIS: "services.redis",
    pod.ROLE_SUPERVISE: "supervise.main",
    "event-view": "event_view.main",
    "scripted-model": "scripted_model.main",
}
"""The module of each role, with a function `main() -> int`."""


def main(arguments: list[str]) -> int:
    """Runs the role that the first argument names, with the rest left in `sys.argv`; returns its exit code."""
    if not arguments or arguments[0] not in ROLES:
        print(f"usage: agentjob-runtime {{{'|'.join(ROLES)}}}", file=sys.stderr)
        return ExitCode.CONFIG
    role = arguments[0]
    sys.argv = [f"agentjob-runtime {role}", *arguments[1:]]
    # What is imported stays: to look through it for garbage every 2,000 objects is a tenth of a start.
    gc.set_threshold(50_000)
    module = importlib.import_module(f"agentjob_runtime.{ROLES[role]}")
    return int(module.main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
