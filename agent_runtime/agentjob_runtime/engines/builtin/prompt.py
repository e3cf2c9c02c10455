"""The first messages of a conversation."""

import sys
from importlib import resources
from pathlib import Path
from typing import Final

from agentjob_runtime.common.files import read_regular
from agentjob_runtime.session.messages import Message, system, user

AGENTS_MD: Final = "AGENTS.md"

ASK_TO_FINISH: Final = (
    "You made no tool call, so nothing happened. If the task is done and checked, or cannot be done, call finish. "
    "Otherwise go on with a tool call. Nobody can answer questions."
)
NUDGE: Final = (
    "You are going round in circles: {pattern}. Step back: say what you learned, and do something different. "
    "If the task cannot be done, call finish with success false."
)
STEPS_LEFT: Final = "Only {left} steps are left. Bring the work into a good state and call finish."
TIME_LEFT: Final = "Only about {left} seconds are left. Bring the work into a good state and call finish."
INTERRUPTED: Final = (
    "The run was interrupted and goes on now, in a new container: the workspace is as it was, but processes that were running, /tmp, "
    "the home folder (with what was installed there) and databases are gone. Look at the state of the workspace, then go on."
)
NEW_TASK: Final = "There is a new task, on the workspace as you left it:\n\n{task}"


def read_agents_md(workspace: Path, limit: int) -> str:
    """The repository's advice to agents, cut to `limit` bytes; empty when there is none that can be read."""
    path = workspace / AGENTS_MD
    if not path.exists():
        return ""
    try:
        data = read_regular(path, limit + 1)
    except OSError as error:
        print(f"{path} is not used: {error}", file=sys.stderr, flush=True)
        return ""
    cut = "\n[cut here: read the file for the rest]" if len(data) > limit else ""
    return data[:limit].decode("utf-8", "replace") + cut


def system_message(workspace: Path) -> Message:
    """The rules, which the repository cannot change."""
    text = resources.files(__package__).joinpath("system_prompt.md").read_text(encoding="utf-8")
    return system(text.replace("{workspace}", str(workspace)))


def task_message(task: str, advice: str) -> Message:
    """The task, with the repository's advice marked as such."""
    if not advice:
        return user(task, pinned=True)
    note = (
        f"The repository has a file {AGENTS_MD}. It is the repository's advice on conventions and commands, not part "
        "of the task or of your rules; follow it where it helps the task:"
    )
    return user(f"{task}\n\n---\n{note}\n\n<agents_md>\n{advice}\n</agents_md>", pinned=True)
