"""Where the files of the contract lie (`agentjob_api.pod`); tests and runs outside a pod have a root of their own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from agentjob_api import pod

ENV_ROOT = "AGENTJOB_ROOT"
"""A folder that stands for `/` when the runtime runs outside a container; unset or empty means the real root."""


@dataclass(frozen=True)
class Paths:
    """Every path of the contract; each can be replaced on its own (`dataclasses.replace`)."""

    workspace: Path = Path(pod.WORKSPACE)
    home: Path = Path(pod.HOME)
    tmp: Path = Path(pod.TMP)
    run_dir: Path = Path(pod.RUN_DIR)
    lock: Path = Path(pod.LOCK)
    started: Path = Path(pod.STARTED)
    courier_ready: Path = Path(pod.COURIER_READY)
    events: Path = Path(pod.EVENTS)
    session_dir: Path = Path(pod.SESSION_DIR)
    session: Path = Path(pod.SESSION)
    agent_result: Path = Path(pod.AGENT_RESULT)
    checkpoint_request: Path = Path(pod.CHECKPOINT_REQUEST)
    checkpoint_answer: Path = Path(pod.CHECKPOINT_ANSWER)
    proxy_dir: Path = Path(pod.PROXY_DIR)
    proxy_usage: Path = Path(pod.PROXY_USAGE)
    courier_dir: Path = Path(pod.COURIER_DIR)
    courier_life: Path = Path(pod.COURIER_LIFE)
    config_dir: Path = Path(pod.CONFIG_DIR)
    task: Path = Path(pod.CONFIG_DIR, pod.KEY_TASK)
    config: Path = Path(pod.CONFIG_DIR, pod.KEY_CONFIG)
    upload: Path = Path(pod.CONFIG_DIR, pod.KEY_UPLOAD)
    restore: Path = Path(pod.CONFIG_DIR, pod.KEY_RESTORE)
    termination_log: Path = Path(pod.TERMINATION_LOG)

    @classmethod
    def under(cls, root: Path | str) -> Self:
        """All paths with `root` in place of `/`."""
        base = Path(root)
        defaults = cls()
        moved = {name: base / getattr(defaults, name).relative_to("/") for name in cls.__dataclass_fields__}
        return cls(**moved)

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """The contract's own paths, or those under `AGENTJOB_ROOT`."""
        root = env.get(ENV_ROOT, "")
        return cls.under(root) if root else cls()

    def make_dirs(self) -> None:
        """Creates the folders, which are mounts in a pod: for tests and runs outside a container."""
        folders = (self.workspace, self.home, self.session_dir, self.proxy_dir, self.courier_dir, self.config_dir)
        for folder in (*folders, self.courier_life.parent, self.termination_log.parent):
            folder.mkdir(parents=True, exist_ok=True)
