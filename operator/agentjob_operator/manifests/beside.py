"""What stands beside the agent of an attempt, and where people reach it: the spec, with the administrator's answer to what it leaves out."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final, Self

from agentjob_api import pod
from agentjob_api.spec import AgentJobSpec

from agentjob_operator.settings import BesideSettings

TOKEN_BYTES: Final = 32


@dataclass(frozen=True)
class Tokens:
    """What lets a person into desktop and notebook of one attempt."""

    desktop: str = field(repr=False)
    notebook: str = field(repr=False)

    @classmethod
    def random(cls) -> Self:
        """New ones. Only the Secret ever holds them: an attempt whose Secret exists keeps the tokens in it."""
        return cls(secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES))

    @property
    def desktop_hash(self) -> str:
        """As `pod.KEY_DESKTOP_TOKEN_HASH` says."""
        return hashlib.sha256(self.desktop.encode()).hexdigest()


def has_desktop(spec: AgentJobSpec, settings: BesideSettings) -> bool:
    """Whether the attempt's pod gets a desktop."""
    return settings.desktop_enabled if spec.desktop.enabled is None else spec.desktop.enabled


def has_notebook(spec: AgentJobSpec, settings: BesideSettings) -> bool:
    """Whether the attempt's pod gets a notebook."""
    return settings.notebook_enabled if spec.notebook.enabled is None else spec.notebook.enabled


def token_keys(spec: AgentJobSpec, settings: BesideSettings, tokens: Tokens) -> dict[str, str]:
    """Keys of the attempt's Secret."""
    keys: dict[str, str] = {}
    if has_desktop(spec, settings):
        keys |= {pod.KEY_DESKTOP_TOKEN: tokens.desktop, pod.KEY_DESKTOP_TOKEN_HASH: tokens.desktop_hash}
    if has_notebook(spec, settings):
        keys[pod.KEY_NOTEBOOK_TOKEN] = tokens.notebook
    return keys
