"""The desktop as the tools see it: where its screen is, and where screenshots are kept. Nothing here knows the gate or its token."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from agentjob_api import pod

from agentjob_runtime.tools.base import ToolContext, ToolOutput
from agentjob_runtime.tools.errors import ToolError
from agentjob_runtime.x11.cookie import CookieError
from agentjob_runtime.x11.messages import X11Error

KEPT: Final = 30
"""Screenshots; older ones are removed."""
OFF: Final = "this job has no desktop"
DISPLAY_SECONDS: Final = 20.0
"""For an answer of the X server."""
INPUT_SECONDS: Final = 60
"""For a thousand letters."""


@dataclass(frozen=True)
class Display:
    """`socket` and `authority` of the X server, `folder` for the pictures."""

    socket: Path
    authority: Path
    folder: Path

    @classmethod
    def of_pod(cls, session_dir: Path) -> Self:
        """The one that the pod's contract names."""
        socket = Path(pod.X11_DIR, f"X{pod.DISPLAY.removeprefix(':')}")
        return cls(socket, Path(pod.XAUTHORITY), session_dir / "screenshots")

    def store(self, png: bytes) -> Path:
        """Keeps a picture under a number of its own. Raises `OSError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(path for path in self.folder.glob("*.png") if path.stem.isdigit())
        path = self.folder / f"{int(kept[-1].stem) + 1 if kept else 1:06}.png"
        path.write_bytes(png)
        for old in kept[: max(0, len(kept) + 1 - KEPT)]:
            old.unlink(missing_ok=True)
        return path


def require(context: ToolContext) -> Display:
    """Raises `ToolError` when the desktop is off."""
    if context.display is None:
        raise ToolError(OFF)
    return context.display


@contextmanager
def answering() -> Iterator[None]:
    """Around what talks to the X server. Raises `ToolError` when it does not answer."""
    try:
        yield
    except (X11Error, CookieError, EOFError, TimeoutError, ConnectionError, FileNotFoundError) as error:
        raise ToolError(f"the desktop does not answer ({error or type(error).__name__}): it may be starting") from error


def send_input(context: ToolContext, *arguments: str) -> ToolOutput:
    """Runs xdotool(1), which plays mouse and keyboard. Raises as `Tool.run`."""
    require(context)
    done = context.runner.run(["xdotool", *arguments], context.workspace, context.environment, INPUT_SECONDS)
    if done.timed_out:
        raise ToolError("the desktop does not answer")
    if done.exit_code != 0 or done.text.strip():  # it complains, and exits with 0, about names of keys
        raise ToolError(done.text.strip() or f"the desktop refused (exit code {done.exit_code})")
    return ToolOutput("Done. Take a screenshot to see what came of it.")
