"""`python -m agentjob_runtime <role>`: the one program of every image of the pod. Imports only the role asked for."""

import importlib
import sys
from typing import Final

from agentjob_api.pod import Container, ExitCode

SCRIPTED_MODEL: Final = "scripted-model"
ROLES: Final = (*(str(container) for container in Container), SCRIPTED_MODEL)


def main(arguments: list[str]) -> int:
    """Runs the role that the first argument names, with the rest left in `sys.argv`; returns its exit code."""
    if not arguments or arguments[0] not in ROLES:
        print(f"usage: agentjob-runtime {{{'|'.join(ROLES)}}}", file=sys.stderr)
        return ExitCode.CONFIG
    role = arguments[0]
    sys.argv = [f"agentjob-runtime {role}", *arguments[1:]]
    module = importlib.import_module(f"agentjob_runtime.{role.replace('-', '_')}.main")
    return int(module.main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
