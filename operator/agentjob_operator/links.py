"""URLs of desktop and notebook, from the administrator's template. Pure."""

from typing import Final
from urllib.parse import urlsplit

_POD_UNKNOWN: Final = "pod"


def access_url(template: str, *, namespace: str, name: str, pod: str, port: int) -> str | None:
    """Where a person opens it; None without a template."""
    if not template:
        return None
    return template.format(namespace=namespace, name=name, pod=pod, port=port)


def base_path(template: str, *, namespace: str, name: str, port: int) -> str:
    """The path of that URL, with a slash at both ends. Settings see to it that it does not depend on the pod."""
    url = access_url(template, namespace=namespace, name=name, pod=_POD_UNKNOWN, port=port)
    path = urlsplit(url).path if url else ""
    return f"/{path.strip('/')}/" if path.strip("/") else "/"
