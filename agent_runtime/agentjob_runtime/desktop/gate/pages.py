"""The gate's own pages. Pure: they hold nothing that came from outside."""

from importlib import resources
from typing import Final

WRONG: Final = "That is not the token of this desktop."
TOO_MANY: Final = "Too many wrong tokens were tried. Wait a minute, then try again."
NO_TOKEN: Final = "This desktop has no token yet, so nobody can come in."  # noqa: S105 - a sentence


def token_page(message: str = "") -> bytes:
    """The form that asks for the token, with `message` above the field."""
    note = f'<p class="note" role="alert">{message}</p>' if message else ""
    return _template("token.html").replace("<!--note-->", note).encode()


def enter_page() -> bytes:
    """Goes on to the desktop without the token in the address or the history.

    Not a redirect: browsers withhold a SameSite=Strict cookie along the redirects of a link that another site's page held.
    """
    return _template("enter.html").encode()


def _template(name: str) -> str:
    return resources.files("agentjob_runtime.desktop.gate").joinpath("html", name).read_text(encoding="utf-8")
