"""The Git credential: in the environment of `prepare` alone, handed to git by a helper that reads it there."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import quote

from agentjob_api.pod import ENV_GIT_PASSWORD, ENV_GIT_USERNAME
from agentjob_api.reasons import Reason

from agentjob_runtime.prepare.errors import PrepareError

DEFAULT_USERNAME: Final = "x-access-token"
"""What GitHub wants beside a token; other hosts take any name."""
HELPER: Final = (
    '!f() { test "$1" = get && '
    f"""printf 'username=%s\\npassword=%s\\n' "${ENV_GIT_USERNAME}" "${ENV_GIT_PASSWORD}"; }}; f"""
)
"""gitcredentials(7): run by sh, whose printf is a builtin, so the values are in no argument list."""


@dataclass(frozen=True)
class Credential:
    """User name and password or token."""

    username: str
    password: str = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self | None:
        """What the Secret holds; a newline at the end, as files have it, does not count. Raises `PrepareError`."""
        password = env.get(ENV_GIT_PASSWORD, "").rstrip("\r\n")
        if not password:
            return None
        username = env.get(ENV_GIT_USERNAME, "").rstrip("\r\n") or DEFAULT_USERNAME
        if not f"{username}{password}".isprintable():
            raise PrepareError(
                Reason.REPOSITORY_UNAUTHORIZED,
                "The Secret of repository.credentialsSecretRef holds line breaks or control characters; "
                "write the bare password or token into its key.",
            )
        return cls(username, password)

    def environment(self) -> dict[str, str]:
        """For git commands that speak to the host."""
        return {ENV_GIT_USERNAME: self.username, ENV_GIT_PASSWORD: self.password}

    def redact(self, text: str) -> str:
        """Without the password, in any form that a server could echo."""
        basic = b64encode(f"{self.username}:{self.password}".encode()).decode()
        for secret in (basic, self.password, quote(self.password, safe="")):
            text = text.replace(secret, "***")
        return text
