"""Kubeconfig and token files (a kubeconfig is YAML, and JSON is YAML)."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TokenUser:
    """A line of the API server's `--token-auth-file`."""

    name: str
    token: str
    groups: tuple[str, ...] = ()


def kubeconfig_text(*, server: str, authority: Path, user: TokenUser) -> str:
    """A kubeconfig with the CA inside, so that it can be moved; `server` is an https URL."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(authority.read_bytes()).decode()}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "agentjob", "cluster": cluster}],
        "users": [{"name": user.name, "user": {"token": user.token}}],
        "contexts": [{"name": "agentjob", "context": {"cluster": "agentjob", "user": user.name}}],
        "current-context": "agentjob",
    }
    return json.dumps(document, indent=2) + "\n"


def token_file_text(users: list[TokenUser]) -> str:
    """The API server's static token file: token, user, uid, quoted groups."""
    return "".join(f'{user.token},{user.name},{user.name},"{",".join(user.groups)}"\n' for user in users)


def write_private(path: Path, text: str) -> Path:
    """Writes a file with a credential in it: never readable by others, never half there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.rename(path)
    return path
