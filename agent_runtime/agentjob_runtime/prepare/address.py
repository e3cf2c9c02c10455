"""The repository's URL, checked and taken apart. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from agentjob_api.reasons import Reason

from agentjob_runtime.prepare.errors import PrepareError


@dataclass(frozen=True)
class Address:
    """Where a repository lives."""

    url: str
    """As git gets and records it: no credential in it."""
    origin: str
    """`scheme://host[:port]`, what a credential is good for."""
    host: str
    port: int


def parse_address(url: str) -> Address:
    """Takes `url` apart. Raises `PrepareError` unless it is http(s) and free of credentials, control characters and blanks."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _bad(f"it cannot be read ({error})") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise _bad("it is no http or https URL")
    if parts.username is not None or parts.password is not None:
        raise _bad("it holds a credential; put that into the Secret of repository.credentialsSecretRef")
    if not url.isprintable() or " " in url:
        raise _bad("it holds blanks or control characters")
    return Address(url, f"{parts.scheme}://{parts.netloc}", host, port or (443 if parts.scheme == "https" else 80))


def _bad(why: str) -> PrepareError:
    return PrepareError(Reason.PREPARE_FAILED, f"repository.url is not usable: {why}.")
