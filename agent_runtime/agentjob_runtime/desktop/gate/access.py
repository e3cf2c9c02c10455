"""Who may come in: the token once, then a session cookie. Pure but for the file with the token's hash."""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final

from agentjob_runtime.common.files import read_regular

_HASH_CHARACTERS: Final = 64
_MAX_TOKEN: Final = 512


class NoTokenError(Exception):
    """The file with the token's hash cannot be read, or holds none: nobody may come in."""


class Access:
    """Compares tokens and cookies in constant time.

    The file (`agentjob_api.pod.KEY_DESKTOP_TOKEN_HASH`) is read again each time: a Secret that was changed is in force at once,
    and ends the sessions of the old token. The key of the sessions lives in this process's memory alone.
    """

    def __init__(self, hash_file: Path) -> None:
        self._hash_file = hash_file
        self._key = secrets.token_bytes(32)

    def token_fits(self, token: str) -> bool:
        """Whether `token` is the one. Raises `NoTokenError`."""
        expected = self._hash()
        given = hashlib.sha256(token.encode("utf-8", "surrogateescape")[:_MAX_TOKEN]).hexdigest()
        return hmac.compare_digest(given, expected)

    def session(self) -> str:
        """The cookie's value for somebody who had the token. Raises `NoTokenError`."""
        return hmac.new(self._key, self._hash().encode(), hashlib.sha256).hexdigest()

    def session_fits(self, value: str) -> bool:
        """Whether `value` is a session of the token in force. Raises `NoTokenError`."""
        return hmac.compare_digest(value.encode("utf-8", "surrogateescape"), self.session().encode())

    def _hash(self) -> str:
        try:
            text = read_regular(self._hash_file, _HASH_CHARACTERS + 2).decode("ascii").strip().lower()
        except (OSError, UnicodeDecodeError) as error:
            raise NoTokenError(f"cannot read the token's hash: {error}") from error
        if len(text) != _HASH_CHARACTERS or not set(text) <= set("0123456789abcdef"):
            raise NoTokenError("the token's hash is not 64 hex digits")
        return text
