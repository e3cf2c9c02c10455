"""Where everything of the desktop lies, and the environment of its programs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentjob_api import pod
from agentjob_api.job_config import DesktopConfig

from agentjob_runtime.common.config import ConfigError

DEFAULT: Final = DesktopConfig(resolution="1280x800")
_RESOLUTION: Final = re.compile(r"[1-9]\d{2,3}x[1-9]\d{2,3}")


@dataclass(frozen=True)
class Settings:
    """Paths and ports; the defaults are those of the pod and the image (images/desktop)."""

    config: DesktopConfig = DEFAULT
    display: str = pod.DISPLAY
    x11_dir: Path = Path(pod.X11_DIR)
    authority: Path = Path(pod.XAUTHORITY)
    own_dir: Path = Path(pod.DESKTOP_DIR)
    token_hash: Path = Path(pod.CONFIG_DIR, pod.KEY_DESKTOP_TOKEN_HASH)
    home: Path = Path(pod.HOME)
    workspace: Path = Path(pod.WORKSPACE)
    files: Path = Path("/opt/agentjob/desktop")
    """What the image brings: noVNC, looks, start page."""
    lock_dir: Path = Path("/tmp")  # noqa: S108 - where X servers lay their lock
    port: int = pod.DESKTOP_PORT

    def __post_init__(self) -> None:
        if not _RESOLUTION.fullmatch(self.config.resolution):
            raise ConfigError(f"desktop.resolution {self.config.resolution!r} is not WIDTHxHEIGHT in pixels")

    @property
    def number(self) -> int:
        """The display's number."""
        return int(self.display.removeprefix(":"))

    @property
    def x_socket(self) -> Path:
        """Where X clients connect."""
        return self.x11_dir / f"X{self.number}"

    @property
    def x_lock(self) -> Path:
        """The X server refuses to start while a process with the number in it lives."""
        return self.lock_dir / f".X{self.number}-lock"

    @property
    def private_dir(self) -> Path:
        """A folder of this user alone in `own_dir`."""
        return self.own_dir / "private"

    @property
    def vnc_socket(self) -> Path:
        """Where the gate and the readiness probe connect; in no other container."""
        return self.private_dir / "vnc.sock"

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Of the desktop's programs: those of the image first, settings of the image below the person's own."""
        kept = {name: value for name, value in inherited.items() if not name.startswith("AGENTJOB_")}
        return kept | {
            "DISPLAY": self.display,
            "XAUTHORITY": str(self.authority),
            "HOME": str(self.home),
            "SHELL": "/bin/bash",
            "XENVIRONMENT": str(self.files / "Xresources"),
            "XDG_CONFIG_DIRS": f"{self.files}/xdg:/etc/xdg",
            "XDG_DATA_DIRS": f"{self.files}/share:/usr/local/share:/usr/share",
            "XDG_RUNTIME_DIR": str(self.private_dir),
            "XDG_CURRENT_DESKTOP": "openbox",
            "NO_AT_BRIDGE": "1",
            "GTK_CSD": "0",
            "MOZ_ENABLE_WAYLAND": "0",
            "BROWSER": "firefox-esr",
        }
